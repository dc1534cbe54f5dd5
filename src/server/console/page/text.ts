import { el } from "./dom.ts";

const digits = new Intl.NumberFormat("en");

export const count = (number: number): string => digits.format(number);

/** `2026-11-27 20:31` in UTC, with the seconds in the element's title. */
export function time(iso: string, { seconds = false } = {}): HTMLElement {
  const whole = iso.replace("T", " ").replace(/\.\d+Z$/, "");
  return el("time", { datetime: iso, title: `${whole} UTC` }, seconds ? whole.slice(11) : whole.slice(0, 16));
}

/** 3 digits: `0.12`, `12.3`, `1,230`. */
export function short(number: number): string {
  return new Intl.NumberFormat("en", { maximumSignificantDigits: 3 }).format(number);
}

export function milliseconds(value: number | null): string {
  if (value === null) return "–";
  return value >= 1_000 ? `${short(value / 1_000)} s` : `${short(value)} ms`;
}

/** `604800s` → `7 days` */
export function interval(text: string | undefined): string {
  const days = Number.parseInt(text ?? "", 10) / 86_400;
  if (!Number.isFinite(days)) return "";
  return days === 1 ? "1 day" : `${short(days)} days`;
}

const WORDS: Readonly<Record<string, string>> = {
  PendingDeletion: "Pending deletion",
  PendingImport: "Pending import",
};

export const words = (state: string): string => WORDS[state] ?? state;

/** A state, in a word and by a shape and colour beside it. */
export function badge(state: string): HTMLElement {
  return el("span", { class: `badge ${state.toLowerCase()}` }, words(state));
}
