import { el } from "../dom.ts";
import type { Page } from "../view.ts";
import { duration, speed } from "./format.ts";
import type { Phase, Progress } from "./messages.ts";
import { texts } from "./strings.ts";

const NAMES = { seal: "sealing", compare: "comparing", save: "saving", tamper: "opening" } as const;

/** A bar, what is going on, how fast, and how long it will take. */
export class ProgressLine {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #bar = el("progress", { max: 1, value: 0 });
  readonly #phase = el("span");
  readonly #facts = el("span", { class: "numeric minor" });
  #last: Progress | undefined;

  constructor(page: Page, fileName: string) {
    this.#page = page;
    page.name(this.#bar, "aria-label", () => page.t(texts).progressOf(fileName));
    page.name(this.#phase, "", () => this.#phaseText());
    page.name(this.#facts, "", () => this.#factsText());
    this.element = el("div", { class: "progress" }, this.#bar, el("p", { class: "small" }, this.#phase, this.#facts));
  }

  show(progress: Progress): void {
    this.#last = progress;
    this.element.hidden = false;
    this.#bar.value = progress.total === 0 ? 1 : progress.bytes / progress.total;
    this.#phase.textContent = this.#phaseText();
    this.#facts.textContent = this.#factsText();
  }

  hide(): void {
    this.element.hidden = true;
  }

  #phaseText(): string {
    const strings = this.#page.t(texts);
    const phase: Phase | undefined = this.#last?.phase;
    return phase === undefined ? strings.waiting : strings[NAMES[phase]];
  }

  #factsText(): string {
    const { bytes = 0, total = 0, bytesPerSecond = 0 } = this.#last ?? {};
    if (bytesPerSecond === 0) return "";
    const left = duration(this.#page, Math.max(0, total - bytes) / bytesPerSecond);
    const share = this.#page.number(bytes / total, { style: "percent" });
    return `${share} · ${speed(this.#page, bytesPerSecond)} · ${this.#page.t(texts).left(left)}`;
  }
}
