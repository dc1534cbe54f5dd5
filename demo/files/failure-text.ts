import { el } from "../dom.ts";
import type { Page } from "../view.ts";
import type { Failure } from "./messages.ts";
import { texts } from "./strings.ts";

/** An error as the library or the browser words it, its code first; then what to do, if the words are the browser's. */
export function failureText(page: Page, { code, message }: Failure): HTMLElement {
  const advice = el("span");
  page.name(advice, "", () => page.t(texts).advice[code] ?? "");
  return el("p", {}, el("code", {}, code), " ", el("span", { lang: "en" }, message), " ", advice);
}
