import { el } from "../dom.ts";
import type { Page } from "../view.ts";
import type { FilesClient } from "./client.ts";
import { failureOf } from "./failure.ts";
import { failureText } from "./failure-text.ts";
import { duration, size, speed } from "./format.ts";
import type { Cipher, Compared, Failed, Phase, Progress, Reply, Sealed } from "./messages.ts";
import { ProgressLine } from "./progress-line.ts";
import { download, pickFile } from "./save.ts";
import { texts } from "./strings.ts";
import { TamperPanel } from "./tamper-panel.ts";

export interface RowParts {
  readonly id: number;
  readonly file: File;
  readonly cipher: Cipher;
  readonly client: FilesClient;
  readonly page: Page;
  /** Called when the visitor removes the row. */
  readonly onRemove: () => void;
}

/** Shorter files take no time that says anything about speed. */
const LEAST_MEASURED = 2 ** 20;

const CANCELLED = { seal: "cancelled", compare: "compareCancelled", save: "saveCancelled" } as const;

/** One file of the list: what is going on with it, what came of it, and what can be done with it. */
export class FileRow {
  readonly element: HTMLLIElement;
  readonly #parts: RowParts;
  readonly #progress: ProgressLine;
  readonly #outcome = el("ul", { class: "outcome" });
  /** Hidden while something is going on. */
  readonly #actions = el("div", { class: "actions", hidden: true });
  readonly #more = el("div", { class: "more", hidden: true });
  readonly #cancel: HTMLButtonElement;
  #tamper: TamperPanel | undefined;

  constructor(parts: RowParts) {
    this.#parts = parts;
    const { page, file, id, client, onRemove } = parts;
    this.#progress = new ProgressLine(page, file.name);
    this.#cancel = this.#button("cancel", () => client.ask({ kind: "cancel", id }));
    const remove = this.#button("remove", onRemove);
    const facts = el("p", { class: "minor small" });
    page.name(facts, "", () => `${size(page, file.size)} · ${page.t(texts)[parts.cipher]}`);
    this.element = el(
      "li",
      { class: "file card" },
      el("div", { class: "file-head" }, el("h3", {}, file.name), facts, this.#cancel, remove),
      this.#progress.element,
      this.#outcome,
      this.#actions,
      this.#more,
    );
    client.listen(id, (reply) => this.#take(reply));
  }

  #button(label: "cancel" | "remove" | "save" | "tamper", act: () => void): HTMLButtonElement {
    const { page, file } = this.#parts;
    const button = el(
      "button",
      { type: "button", class: "plain" },
      page.text(() => page.t(texts)[label]),
    );
    page.name(button, "aria-label", () => page.t(texts).named(page.t(texts)[label], file.name));
    button.addEventListener("click", act);
    return button;
  }

  #take(reply: Reply): void {
    switch (reply.kind) {
      case "progress":
        this.#showProgress(reply);
        return;
      case "sealed":
        this.#showSealed(reply);
        return;
      case "compared":
        this.#showCompared(reply);
        return;
      case "saved":
        this.#end();
        this.#add("good", () => this.#parts.page.t(texts).saved);
        return;
      case "tampered":
        this.#tamper?.show(reply);
        return;
      case "failed":
        this.#showFailure(reply);
        return;
      case "cancelled":
        this.#showCancelled(reply.phase);
    }
  }

  #showProgress(progress: Progress): void {
    if (progress.phase === "tamper") {
      this.#tamper?.showProgress(progress.bytes / progress.total);
      return;
    }
    this.#progress.show(progress);
    this.#cancel.hidden = false;
    this.#actions.hidden = true;
  }

  #showFailure({ phase, failure }: Failed): void {
    if (phase === "tamper") {
      this.#tamper?.showFailure(failure);
      return;
    }
    this.#end();
    this.#outcome.append(el("li", { class: "bad", role: "alert" }, failureText(this.#parts.page, failure)));
  }

  #showSealed({ sealed, saved, layout, milliseconds }: Sealed): void {
    const { page, file, id, client } = this.#parts;
    const { name } = sealed;
    this.#add("good", () =>
      page.t(texts).sealed({
        ...this.#timeAndSpeed(milliseconds),
        more: size(page, sealed.size - file.size),
      }),
    );
    if (saved) this.#add("good", () => page.t(texts).savedInFolder(name));
    else this.#actions.append(this.#button("save", () => void this.#save(sealed)));
    this.#tamper = new TamperPanel(page, { name: file.name, size: sealed.size, layout }, (offset) => {
      client.ask({ kind: "tamper", id, offset });
    });
    this.#more.append(this.#tamper.element);
    const toggle = this.#button("tamper", () => {
      this.#more.hidden = !this.#more.hidden;
      toggle.setAttribute("aria-expanded", String(!this.#more.hidden));
    });
    toggle.setAttribute("aria-expanded", "false");
    this.#actions.append(toggle);
  }

  #showCompared({ milliseconds, difference }: Compared): void {
    const { page, file } = this.#parts;
    this.#end();
    if (difference !== undefined) {
      this.#add("bad", () => page.t(texts).different(page.number(difference)));
      return;
    }
    this.#add("good", () => page.t(texts).same(this.#timeAndSpeed(milliseconds)));
    page.announce(page.t(texts).doneAnnounced(file.name));
  }

  #showCancelled(phase: Phase): void {
    // Another trial took its place.
    if (phase === "tamper") return;
    this.#end();
    const { page } = this.#parts;
    const text = () => page.t(texts)[CANCELLED[phase]];
    this.#add("neutral", text);
    page.announce(text());
  }

  #timeAndSpeed(milliseconds: number): { time: string; speed: string } {
    const { page, file } = this.#parts;
    const fast = file.size >= LEAST_MEASURED ? speed(page, (file.size * 1_000) / milliseconds) : "";
    return { time: duration(page, milliseconds / 1_000), speed: fast };
  }

  async #save(sealed: File): Promise<void> {
    const { id, client } = this.#parts;
    try {
      const handle = await pickFile(sealed.name);
      if (handle === "download") download(sealed);
      else if (handle !== undefined) client.ask({ kind: "save", id, handle });
    } catch (error) {
      this.#showFailure({ kind: "failed", id, phase: "save", failure: failureOf(error) });
    }
  }

  #add(kind: "good" | "bad" | "neutral", text: () => string): void {
    this.#outcome.append(el("li", { class: kind }, this.#parts.page.text(text)));
  }

  #end(): void {
    this.#progress.hide();
    this.#cancel.hidden = true;
    this.#actions.hidden = this.#actions.childElementCount === 0;
  }
}
