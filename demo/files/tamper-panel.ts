import { el } from "../dom.ts";
import type { Page } from "../view.ts";
import { failureText } from "./failure-text.ts";
import { size } from "./format.ts";
import type { Failure, Layout, Tampered } from "./messages.ts";
import { texts } from "./strings.ts";

interface SealedFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly layout: Layout;
}

const TAG_LENGTH = 16;
/** Segments are drawn in at most so many cells, several in one if need be. */
const MOST_CELLS = 48;

/** A slider over the bytes of a sealed file: one is changed, and what comes of it is shown. */
export class TamperPanel {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #file: SealedFile;
  readonly #slider: HTMLInputElement;
  readonly #number: HTMLInputElement;
  readonly #where = el("span", { class: "where minor small" });
  readonly #result = el("div", { role: "status" });
  readonly #header = el("span", { class: "cell header" });
  readonly #cells: readonly HTMLElement[];
  #offset: number;

  /** @param tryOffset asks for the file to be opened with that byte changed */
  constructor(page: Page, file: SealedFile, tryOffset: (offset: number) => void) {
    this.#page = page;
    this.#file = file;
    this.#offset = Math.floor(file.size / 2);
    this.#cells = Array.from({ length: Math.min(MOST_CELLS, file.layout.segments) }, () =>
      el("span", { class: "cell" }),
    );
    const bounds = { min: 0, max: file.size - 1, step: 1, value: this.#offset };
    this.#slider = el("input", { type: "range", ...bounds });
    this.#number = el("input", { type: "number", inputmode: "numeric", class: "numeric", ...bounds });
    page.name(this.#slider, "aria-label", () => page.t(texts).byte);
    page.name(this.#where, "", () => this.#whereText());
    page.name(this.#slider, "aria-valuetext", () => `${page.number(this.#offset)}, ${this.#whereText()}`);
    for (const input of [this.#slider, this.#number]) {
      input.addEventListener("input", () => this.#choose(input.valueAsNumber, input));
    }
    // A slider that was let go, not one on its way.
    this.#slider.addEventListener("change", () => tryOffset(this.#offset));
    const button = el(
      "button",
      { type: "button" },
      page.text(() => page.t(texts).flip),
    );
    button.addEventListener("click", () => tryOffset(this.#offset));
    this.element = el(
      "div",
      { class: "tamper" },
      el(
        "p",
        { class: "minor" },
        page.text(() => page.t(texts).tamperLead),
      ),
      el("div", { class: "segments", "aria-hidden": "true" }, this.#header, ...this.#cells),
      this.#slider,
      el("div", { class: "tamper-choice" }, this.#label(), this.#where, button),
      this.#result,
    );
    this.#choose(this.#offset);
  }

  #label(): HTMLElement {
    const { text, t } = this.#page;
    return el(
      "label",
      {},
      text.call(this.#page, () => t(texts).byte),
      " ",
      this.#number,
    );
  }

  /** @param share of the file that was opened so far */
  showProgress(share: number): void {
    const { opening, openingShare } = this.#page.t(texts);
    this.#result.className = "notice";
    this.#result.textContent = share === 0 ? opening : openingShare(this.#page.number(share, { style: "percent" }));
  }

  /** The trial itself failed: the sealed file could not be read, for instance. */
  showFailure(failure: Failure): void {
    this.#result.className = "notice bad";
    this.#result.replaceChildren(failureText(this.#page, failure));
  }

  show({ released, refusal, offset }: Tampered): void {
    if (refusal === undefined) {
      this.#result.className = "notice bad";
      this.#result.replaceChildren(this.#page.text(() => this.#page.t(texts).notRefused));
      return;
    }
    this.#draw("refused", released);
    this.#result.className = "notice bad";
    const verdict = el(
      "p",
      { class: "verdict" },
      this.#page.text(() => this.#verdict(offset)),
    );
    const rest = el(
      "p",
      {},
      this.#page.text(() => this.#releasedText(released)),
    );
    this.#result.replaceChildren(verdict, failureText(this.#page, refusal), rest);
  }

  #choose(offset: number, from?: HTMLInputElement): void {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset >= this.#file.size) return;
    this.#offset = offset;
    for (const input of [this.#slider, this.#number]) if (input !== from) input.value = String(offset);
    const where = this.#whereText();
    this.#where.textContent = where;
    this.#slider.setAttribute("aria-valuetext", `${this.#page.number(offset)}, ${where}`);
    this.#draw("chosen", 0);
    this.#result.replaceChildren();
    this.#result.className = "";
  }

  /** The segment of a byte of the sealed file, from 1; 0 for the header. */
  #segmentOf(offset: number): number {
    const { headerLength, segmentSize } = this.#file.layout;
    return Math.floor((offset - headerLength) / (segmentSize + TAG_LENGTH)) + 1;
  }

  #whereText(): string {
    const page = this.#page;
    const segment = this.#segmentOf(this.#offset);
    const { headerLength, segments } = this.#file.layout;
    if (segment < 1) return page.t(texts).inHeader(page.number(headerLength));
    return page.t(texts).inSegment({ segment: page.number(segment), segments: page.number(segments) });
  }

  #verdict(offset: number): string {
    const segment = this.#segmentOf(offset);
    const strings = this.#page.t(texts);
    return segment < 1 ? strings.refusedHeader : strings.refusedSegment(this.#page.number(segment));
  }

  #releasedText(released: number): string {
    const strings = this.#page.t(texts);
    return released === 0 ? strings.releasedNothing : strings.released(size(this.#page, released));
  }

  /** @param released bytes of plaintext that were verified before a refusal */
  #draw(state: "chosen" | "refused", released: number): void {
    const { segments, segmentSize } = this.#file.layout;
    const perCell = segments / this.#cells.length;
    const chosen = Math.floor((this.#segmentOf(this.#offset) - 1) / perCell);
    const verified = Math.ceil(released / segmentSize) / perCell;
    for (const [index, cell] of this.#cells.entries()) {
      cell.className = "cell";
      if (index === Math.min(chosen, this.#cells.length - 1)) cell.classList.add(state);
      else if (index < verified) cell.classList.add("verified");
    }
    this.#header.className = chosen < 0 ? `cell header ${state}` : "cell header";
  }
}
