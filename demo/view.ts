import type { Language, Texts } from "./language.ts";

export type { Language, Texts } from "./language.ts";

/** One section of the page: a module of its own, loaded when its section comes near. */
export interface View {
  /** Builds the view in its section. Called once. */
  mount(root: HTMLElement, page: Page): void;
}

/** The texts of a view in the page's language. */
export type Translate = <T>(texts: Texts<T>) => T;

/** What a view knows of the page around it. */
export interface Page {
  readonly language: Language;
  readonly t: Translate;
  /** Called after each change of the language. Texts made by {@link text} and {@link name} follow by themselves. */
  onLanguage(listener: () => void): void;
  /** A text node that is `make()` now, and again after each change of the language. */
  text(make: () => string): Text;
  /** Sets an attribute to `make()` now, and again after each change of the language. */
  name(element: Element, attribute: string, make: () => string): void;
  /** A number as the language writes it. */
  number(value: number, options?: Intl.NumberFormatOptions): string;
  /** Has a screen reader say something when it has time, without moving the focus. */
  announce(text: string): void;
  /** Starts a worker from a script in the page's folder, such as `files-worker.js`. `tools/demo/build.mjs` lists them. */
  worker(script: string): Worker;
}
