import { el } from "../dom.ts";
import type { Page, View } from "../view.ts";
import { copy } from "./copy.ts";
import { fromFragment, isResults, toFragment } from "./link.ts";
import { machineOf } from "./machine.ts";
import { toMarkdown } from "./markdown.ts";
import { CIPHERS, type Cipher, EFFORTS, type Effort, LARGEST, type Results } from "./results.ts";
import { type ResultsView, resultsView } from "./results-view.ts";
import { type RaceTexts, texts } from "./strings.ts";
import { size } from "./units.ts";
import type { Report, Start } from "./worker.ts";

/** Results, and whether they were measured here or came by a link. */
interface Shown {
  readonly results: Results;
  readonly here: boolean;
}

class Race {
  readonly #page: Page;
  readonly #shown = new Map<Cipher, Shown>();
  #worker: Worker | undefined;
  #drawn: ResultsView | undefined;
  /** What the line under the buttons says. */
  #status: (t: RaceTexts) => string = () => "";

  readonly #ciphers: HTMLInputElement[];
  readonly #effort: HTMLSelectElement;
  readonly #largest: HTMLSelectElement;
  readonly #start: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;
  readonly #bar = el("progress", { max: 1, value: 0, hidden: true });
  readonly #line = el("span", {});
  readonly #refusal = el("p", { class: "notice bad", role: "alert", hidden: true });
  readonly #place = el("div", { class: "race-results" });

  constructor(page: Page) {
    this.#page = page;
    this.#ciphers = CIPHERS.map((cipher, index) =>
      el("input", { type: "radio", name: "race-cipher", value: cipher, checked: index === 0 }),
    );
    this.#effort = el("select", { id: "race-effort" }, ...EFFORTS.map((effort) => this.#option(effort)));
    this.#largest = el(
      "select",
      { id: "race-largest" },
      ...LARGEST.map((bytes) => el("option", { value: bytes, selected: bytes === LARGEST.at(-1) }, size(bytes))),
    );
    this.#start = el(
      "button",
      { type: "submit", class: "primary" },
      this.#text((t) => (this.#current ? t.again : t.start)),
    );
    this.#cancel = el(
      "button",
      { type: "button", hidden: true },
      this.#text((t) => t.cancel),
    );
  }

  #text(make: (t: RaceTexts) => string): Text {
    return this.#page.text(() => make(this.#page.t(texts)));
  }

  #option(effort: Effort): HTMLOptionElement {
    return el(
      "option",
      { value: effort },
      this.#text((t) => t.efforts[effort]),
    );
  }

  get #cipher(): Cipher {
    return this.#ciphers.find(({ checked }) => checked)?.value === "sm4" ? "sm4" : "aes";
  }

  get #current(): Shown | undefined {
    return this.#shown.get(this.#cipher);
  }

  mount(root: HTMLElement): void {
    const legend = el(
      "legend",
      {},
      this.#text((t) => t.cipher),
    );
    const choices = this.#ciphers.map((input, index) =>
      el(
        "label",
        {},
        input,
        el(
          "span",
          {},
          this.#text((t) => t.ciphers[CIPHERS[index]!]),
        ),
      ),
    );
    const form = el(
      "form",
      { class: "controls" },
      el("fieldset", {}, legend, el("div", { class: "race-choice" }, ...choices)),
      el(
        "p",
        {},
        el(
          "label",
          { for: "race-largest" },
          this.#text((t) => t.upTo),
        ),
        this.#largest,
      ),
      el(
        "p",
        {},
        el(
          "label",
          { for: "race-effort" },
          this.#text((t) => t.effort),
        ),
        this.#effort,
      ),
      el("p", { class: "buttons" }, this.#start, this.#cancel),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#race();
    });
    this.#cancel.addEventListener("click", () => this.#end((t) => t.cancelled));
    for (const input of this.#ciphers) input.addEventListener("change", () => this.#draw());
    this.#page.name(this.#bar, "aria-label", () => this.#status(this.#page.t(texts)));
    root.append(
      form,
      el("p", { class: "race-status" }, this.#bar, this.#line),
      this.#refusal,
      this.#place,
      el(
        "details",
        { class: "method" },
        el(
          "summary",
          {},
          this.#text((t) => t.methodTitle),
        ),
        el(
          "ul",
          {},
          ...texts.en.method.map((_, index) =>
            el(
              "li",
              {},
              this.#text((t) => t.method[index]!),
            ),
          ),
        ),
      ),
    );
    this.#page.onLanguage(() => this.#draw());
    addEventListener("hashchange", () => this.#readLink());
    this.#readLink();
  }

  /** Shows what the address brings, if it brings results. */
  #readLink(): void {
    const fragment = location.hash.slice(1);
    if (!isResults(fragment)) return;
    const read = fromFragment(fragment);
    this.#refusal.hidden = typeof read !== "string";
    if (typeof read === "string") {
      this.#refusal.replaceChildren(this.#text((t) => t[read]));
      return;
    }
    this.#shown.set(read.cipher, { results: read, here: false });
    for (const input of this.#ciphers) input.checked = input.value === read.cipher;
    this.#draw();
  }

  #race(): void {
    if (this.#worker) return;
    const worker = this.#page.worker("race-worker.js");
    this.#worker = worker;
    this.#refusal.hidden = true;
    const start: Start = {
      cipher: this.#cipher,
      effort: this.#effort.value === "thorough" ? "thorough" : "quick",
      largest: Number(this.#largest.value),
      machine: machineOf(navigator),
    };
    worker.addEventListener("message", ({ data }: MessageEvent<Report>) => this.#take(data));
    worker.addEventListener("error", ({ message }) => this.#end((t) => t.failed(message || t.notLoaded)));
    worker.postMessage(start);
    this.#busy(true);
    this.#say((t) => t.racing(undefined));
  }

  #take(report: Report): void {
    if (report.kind === "failure") {
      this.#end((t) => t.failed(report.message));
    } else if (report.kind === "progress") {
      const { done, bytes } = report.progress;
      this.#bar.value = done;
      this.#say((t) => t.racing(bytes === undefined ? undefined : size(bytes)));
    } else {
      this.#shown.set(report.results.cipher, { results: report.results, here: true });
      // The address no longer says what is shown.
      if (isResults(location.hash.slice(1))) history.replaceState(null, "", "#race");
      for (const input of this.#ciphers) input.checked = input.value === report.results.cipher;
      this.#end((t) => t.finished);
      this.#draw();
      this.#drawn?.replay();
    }
  }

  /** The race is over, whatever the reason. A worker that is in the middle of a message is stopped there. */
  #end(why: (t: RaceTexts) => string): void {
    const hadFocus = document.activeElement === this.#cancel;
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#busy(false);
    this.#say(why);
    this.#page.announce(why(this.#page.t(texts)));
    if (hadFocus) this.#start.focus();
  }

  #busy(busy: boolean): void {
    this.#bar.hidden = !busy;
    this.#bar.value = 0;
    this.#cancel.hidden = !busy;
    this.#start.disabled = busy;
    for (const input of [...this.#ciphers, this.#effort, this.#largest]) input.disabled = busy;
    if (busy) this.#cancel.focus();
  }

  #say(status: (t: RaceTexts) => string): void {
    this.#status = status;
    this.#line.replaceChildren(this.#text((t) => status(t)));
  }

  #draw(): void {
    this.#drawn?.stop();
    this.#drawn = undefined;
    this.#place.replaceChildren();
    this.#start.replaceChildren(this.#text((t) => (this.#current ? t.again : t.start)));
    const shown = this.#current;
    if (!shown) return;
    this.#drawn = resultsView(shown.results, this.#page);
    this.#place.append(this.#origin(shown), ...this.#drawn.parts, this.#copying(shown.results));
  }

  #origin({ results, here }: Shown): HTMLElement {
    const t = this.#page.t(texts);
    const { browser, version, processors } = results.machine;
    const name = version > 0 ? `${t.browsers[browser]} ${version}` : t.browsers[browser];
    const machine = t.machine({ browser: name, processors, day: results.day, effort: t.efforts[results.effort] });
    return el(
      "p",
      { class: here ? "origin" : "origin notice" },
      el("strong", {}, here ? t.thisMachine : t.otherMachine),
      " ",
      el("span", { class: "minor" }, `${t.ciphers[results.cipher]} · ${machine}`),
    );
  }

  #copying(results: Results): HTMLElement {
    const t = this.#page.t(texts);
    const place = el("div", {});
    const button = (name: string, make: () => string) => {
      const one = el("button", { type: "button" }, name);
      one.addEventListener("click", async () => {
        const copied = await copy(make(), place, name);
        const said = copied ? t.copied : t.copyFailed;
        if (copied) place.replaceChildren(el("p", { class: "minor" }, said));
        else place.prepend(el("p", {}, said));
        this.#page.announce(said);
      });
      return one;
    };
    const link = () => {
      const url = new URL(location.href);
      url.hash = toFragment(results);
      return url.href;
    };
    const markdown = button(t.copyMarkdown, () => toMarkdown(results));
    return el("div", { class: "copying" }, el("p", { class: "buttons" }, markdown, button(t.copyLink, link)), place);
  }
}

export const raceView: View = {
  mount(root, page) {
    new Race(page).mount(root);
  },
};
