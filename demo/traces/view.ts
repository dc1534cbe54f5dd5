import { el } from "../dom.ts";
import type { Page, View } from "../view.ts";
import { blocksOf, keyOf, oneBitApart, randomKey, TEXT_BYTES } from "./inputs.ts";
import { type ProgramView, programView } from "./program-view.ts";
import { type TracesTexts, texts } from "./strings.ts";
import { type Asked, hex, type ProgramName } from "./work.ts";
import type { Answer } from "./worker.ts";

class Traces {
  readonly #page: Page;
  readonly #keys: readonly [HTMLInputElement, HTMLInputElement];
  readonly #errors = [0, 1].map((index) => el("p", { class: "error", id: `traces-error-${index}`, hidden: true }));
  readonly #text: HTMLInputElement;
  readonly #status = el("p", { class: "minor", hidden: true });
  readonly #notice = el("p", { class: "notice bad", role: "alert", hidden: true });
  readonly #place = el("div", { class: "traces-results" });
  #worker: Worker | undefined;
  #asked: Asked | undefined;
  #answer: Answer | undefined;
  #drawn: ProgramView[] = [];

  constructor(page: Page) {
    this.#page = page;
    const key = (index: number) =>
      el("input", {
        ...{ id: `traces-key-${index}`, type: "text", class: "mono", autocomplete: "off", autocapitalize: "off" },
        ...{ spellcheck: "false", maxlength: 64, "aria-describedby": `traces-hint-${index} traces-error-${index}` },
      });
    this.#keys = [key(0), key(1)];
    const describedBy = { "aria-describedby": "traces-text-hint" };
    this.#text = el("input", { id: "traces-text", type: "text", maxlength: TEXT_BYTES, ...describedBy });
    this.#text.value = page.t(texts).firstText;
  }

  #say(make: (t: TracesTexts) => string): Text {
    return this.#page.text(() => make(this.#page.t(texts)));
  }

  mount(root: HTMLElement): void {
    const button = (make: (t: TracesTexts) => string, run: () => void) => {
      const one = el("button", { type: "button" }, this.#say(make));
      one.addEventListener("click", run);
      return one;
    };
    const form = el(
      "form",
      { class: "controls keys", novalidate: true },
      this.#keyField(0, (t) => t.keyOne),
      this.#keyField(1, (t) => t.keyTwo),
      el(
        "div",
        { class: "field" },
        el(
          "label",
          { for: "traces-text" },
          this.#say((t) => t.text),
        ),
        this.#text,
        el(
          "p",
          { class: "minor small", id: "traces-text-hint" },
          this.#say((t) => t.textHint),
        ),
      ),
      el(
        "p",
        { class: "buttons" },
        el(
          "button",
          { type: "submit", class: "primary" },
          this.#say((t) => t.trace),
        ),
        button(
          (t) => t.random,
          () => this.#setKeys(randomKey(), randomKey()),
        ),
        button(
          (t) => t.oneBit,
          () => this.#flipOneBit(),
        ),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#trace();
    });
    const method = el(
      "details",
      { class: "method" },
      el(
        "summary",
        {},
        this.#say((t) => t.methodTitle),
      ),
    );
    method.append(
      el(
        "ul",
        {},
        ...texts.en.method.map((_, index) =>
          el(
            "li",
            {},
            this.#say((t) => t.method[index]!),
          ),
        ),
      ),
    );
    this.#status.append(this.#say((t) => t.tracing));
    root.append(form, this.#status, this.#notice, this.#place, method);
    this.#page.onLanguage(() => this.#draw());
    this.#setKeys(randomKey(), randomKey());
  }

  #keyField(index: 0 | 1, label: (t: TracesTexts) => string): HTMLElement {
    const input = this.#keys[index];
    const error = this.#errors[index]!;
    error.append(this.#say((t) => t.keyWrong));
    return el(
      "div",
      { class: "field" },
      el("label", { for: input.id }, this.#say(label)),
      input,
      el(
        "p",
        { class: "minor small", id: `traces-hint-${index}` },
        this.#say((t) => t.keyHint),
      ),
      error,
    );
  }

  /** The key in a field; marks the field if it holds none. */
  #keyIn(index: 0 | 1): Uint8Array<ArrayBuffer> | undefined {
    const input = this.#keys[index];
    const key = keyOf(input.value);
    input.setAttribute("aria-invalid", String(key === undefined));
    this.#errors[index]!.hidden = key !== undefined;
    return key;
  }

  #setKeys(first: Uint8Array, second: Uint8Array): void {
    this.#keys[0].value = hex(first);
    this.#keys[1].value = hex(second);
    this.#trace();
  }

  #flipOneBit(): void {
    const first = this.#keyIn(0);
    if (first) this.#setKeys(first, oneBitApart(first));
    else this.#keys[0].focus();
  }

  #trace(): void {
    const [first, second] = [this.#keyIn(0), this.#keyIn(1)];
    if (!first || !second) {
      this.#keys[first ? 1 : 0].focus();
      return;
    }
    this.#asked = { keys: [first, second], text: blocksOf(this.#text.value) };
    this.#status.hidden = false;
    this.#running().postMessage(this.#asked);
  }

  #running(): Worker {
    if (this.#worker) return this.#worker;
    const worker = this.#page.worker("traces-worker.js");
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.#take(data));
    worker.addEventListener("error", ({ message }) => {
      this.#worker = undefined;
      this.#take({ kind: "failure", message: message || this.#page.t(texts).notLoaded });
    });
    this.#worker = worker;
    return worker;
  }

  #take(answer: Answer): void {
    this.#answer = answer;
    this.#status.hidden = true;
    this.#draw();
    if (answer.kind === "failure") return;
    const count = (name: ProgramName) => this.#page.number(answer.programs[name].addressTally.different);
    this.#page.announce(this.#page.t(texts).traced(count("engine"), count("table")));
  }

  #draw(): void {
    for (const view of this.#drawn) view.stop();
    this.#drawn = [];
    const answer = this.#answer;
    if (answer === undefined) return;
    const t = this.#page.t(texts);
    if (answer.kind === "failure") {
      this.#notice.hidden = false;
      this.#notice.textContent = t.failed(answer.message);
      this.#place.replaceChildren();
      return;
    }
    const sameKeys = this.#asked !== undefined && hex(this.#asked.keys[0]) === hex(this.#asked.keys[1]);
    this.#notice.hidden = !sameKeys;
    this.#notice.textContent = t.sameKeys;
    const { engine, table } = answer.programs;
    this.#drawn = [programView("engine", engine, this.#page), programView("table", table, this.#page)];
    const legend = (["both", "first", "second"] as const).map((kind) => el("li", { class: kind }, t.legend[kind]));
    const ciphertext = hex(engine.ciphertexts[0]).slice(0, 32);
    this.#place.replaceChildren(
      el("ul", { class: "legend" }, ...legend),
      el("div", { class: "programs" }, ...this.#drawn.map(({ element }) => element)),
      el("p", { class: "minor small" }, t.sameBytes(`${ciphertext}${engine.ciphertexts[0].length > 16 ? "…" : ""}`)),
    );
  }
}

export const tracesView: View = {
  mount(root, page) {
    new Traces(page).mount(root);
  },
};
