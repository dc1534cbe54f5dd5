import { byId } from "./dom.ts";
import { firstLanguage, keepLanguage, type Language, LOCALES, type Texts } from "./language.ts";
import type { Page } from "./view.ts";

/** Texts that follow the language. Those that left the page and are kept by nobody else are forgotten. */
class FollowingTexts {
  readonly #makers = new WeakMap<Node, Map<string, () => string>>();
  readonly #nodes = new Set<WeakRef<Node>>();

  /** @param place an attribute's name, or "" for the node's own text */
  add(node: Node, place: string, make: () => string): void {
    const makers = this.#makers.get(node) ?? new Map<string, () => string>();
    if (makers.size === 0) this.#nodes.add(new WeakRef(node));
    this.#makers.set(node, makers.set(place, make));
    write(node, place, make());
  }

  writeAll(): void {
    for (const reference of this.#nodes) {
      const node = reference.deref();
      if (node === undefined) this.#nodes.delete(reference);
      else for (const [place, make] of this.#makers.get(node) ?? []) write(node, place, make());
    }
  }
}

function write(node: Node, place: string, text: string): void {
  if (place === "") node.textContent = text;
  else if (node instanceof Element) node.setAttribute(place, text);
}

export class DemoPage implements Page {
  language: Language = firstLanguage();
  readonly #texts = new FollowingTexts();
  readonly #listeners: (() => void)[] = [];

  readonly t = <T>(texts: Texts<T>): T => texts[this.language];

  onLanguage(listener: () => void): void {
    this.#listeners.push(listener);
  }

  setLanguage(language: Language): void {
    this.language = language;
    keepLanguage(language);
    this.#texts.writeAll();
    // What was said is over, and in the other language.
    this.announce("");
    for (const listener of this.#listeners) listener();
  }

  text(make: () => string): Text {
    const node = document.createTextNode("");
    this.#texts.add(node, "", make);
    return node;
  }

  name(element: Element, attribute: string, make: () => string): void {
    this.#texts.add(element, attribute, make);
  }

  number(value: number, options: Intl.NumberFormatOptions = {}): string {
    return new Intl.NumberFormat(LOCALES[this.language], options).format(value);
  }

  announce(text: string): void {
    byId("announcement").textContent = text;
  }

  worker(script: string): Worker {
    return new Worker(new URL(script, document.baseURI), { type: "module" });
  }
}
