// The race of small records as bars, which can be run again at a pace that eyes can follow.
import { el } from "../dom.ts";
import type { Page } from "../view.ts";
import { RECORDS_CONTENDERS, type Results } from "./results.ts";
import { texts } from "./strings.ts";
import { duration } from "./units.ts";

/** How long the slowest takes in a replay, in milliseconds. */
const REPLAY = 4_000;
/** A bar is never too short to be seen, in per cent. */
const SHORTEST = 0.4;

export interface Bars {
  readonly element: HTMLElement;
  /** Runs the bars from nothing to their length, all in the ratio of their times; at once where motion is reduced. */
  replay(): void;
}

interface Bar {
  readonly fill: HTMLElement;
  readonly row: HTMLElement;
  readonly share: number;
}

export function bars({ cipher, records }: Results, page: Page): Bars {
  const times = RECORDS_CONTENDERS[cipher].flatMap((name) => {
    const figures = records.get(name);
    return figures ? [{ name, time: figures.best }] : [];
  });
  const longest = Math.max(...times.map(({ time }) => time));
  const drawn = times.map(({ name, time }): Bar => {
    const fill = el("span", { class: `fill ${name}` });
    const share = time / longest;
    const row = el(
      "li",
      { class: "bar-row" },
      el(
        "span",
        { class: "bar-name" },
        page.text(() => page.t(texts).contenders[name]),
      ),
      el("span", { class: "bar-track", "aria-hidden": "true" }, fill),
      el(
        "strong",
        { class: "bar-time" },
        page.text(() => duration(time, (...args) => page.number(...args))),
      ),
    );
    return { fill, row, share };
  });
  const show = (progress: number) => {
    for (const { fill, row, share } of drawn) {
      fill.style.inlineSize = `${Math.max(SHORTEST, 100 * Math.min(share, progress))}%`;
      row.classList.toggle("running", progress < share);
    }
  };
  show(1);
  const element = el("ol", { class: "bars" }, ...drawn.map(({ row }) => row));
  let run = 0;
  const replay = () => {
    cancelAnimationFrame(run);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      show(1);
      return;
    }
    const start = performance.now();
    const frame = (now: number) => {
      const progress = Math.max(0, (now - start) / REPLAY);
      show(Math.min(1, progress));
      if (progress < 1 && element.isConnected) run = requestAnimationFrame(frame);
    };
    run = requestAnimationFrame(frame);
  };
  return { element, replay };
}

/** How many times slower than in truth a replay is. */
export function slowdown({ records }: Results): number {
  return (REPLAY * 1e6) / Math.max(...[...records.values()].map(({ best }) => best));
}
