import { el, svg } from "../dom.ts";
import type { Page } from "../view.ts";
import { bars, slowdown } from "./bars.ts";
import { curvesChart, mark } from "./curves-chart.ts";
import { CONTENDERS, type Contender, type Figures, megabytesPerSecond, type Results } from "./results.ts";
import { texts } from "./strings.ts";
import { duration, short, size, type WriteNumber } from "./units.ts";
import { points } from "./verdict.ts";

/** Of the chart, in pixels. */
const NARROWEST = 280;

/** One set of results in the page's language. Call `stop` before it leaves the page. */
export interface ResultsView {
  readonly parts: readonly HTMLElement[];
  replay(): void;
  stop(): void;
}

export function resultsView(results: Results, page: Page): ResultsView {
  const race = bars(results, page);
  const curves = curvesFigure(results, page);
  const t = page.t(texts);
  const times = short(slowdown(results), writer(page));
  const again = el("button", { type: "button", class: "plain" }, t.replay);
  again.addEventListener("click", race.replay);
  const records = el(
    "figure",
    { class: "panel" },
    el("figcaption", {}, el("h3", {}, t.recordsTitle), el("p", { class: "minor" }, t.recordsLead)),
    race.element,
    el("p", { class: "replay" }, again, el("span", { class: "minor" }, t.slowed(times))),
  );
  return { parts: [verdict(results, page), records, curves.element], replay: race.replay, stop: curves.stop };
}

const writer =
  (page: Page): WriteNumber =>
  (value, options) =>
    page.number(value, options);

function verdict(results: Results, page: Page): HTMLElement {
  const t = page.t(texts);
  const write = writer(page);
  const writing = {
    name: (contender: keyof typeof t.contenders) => t.contenders[contender],
    size,
    time: (nanoseconds: number) => duration(nanoseconds, write),
    times: (ratio: number) => short(ratio, write),
  };
  const sentences = points(results).map((facts) => facts.map((fact) => t.fact(fact, writing)).join(t.between));
  return el(
    "div",
    { class: "panel findings" },
    el("h3", {}, t.verdict),
    el("ul", {}, ...sentences.map((one) => el("li", {}, one))),
  );
}

function curvesFigure(results: Results, page: Page): { readonly element: HTMLElement; stop(): void } {
  const { cipher, sizes, curves } = results;
  const t = page.t(texts);
  const names = CONTENDERS[cipher].filter((name) => curves.has(name));
  let marked = Math.min(1, sizes.length - 1);
  const plot = el("div", { class: "plot" });
  const readout = el("dl", { class: "readout" });
  const slider = el("input", { type: "range", id: "race-size", min: 0, max: sizes.length - 1, value: marked });
  const label = el("output", { for: "race-size" });
  const draw = () => {
    const width = Math.max(NARROWEST, Math.floor(plot.clientWidth));
    plot.replaceChildren(curvesChart({ sizes, curves, width, marked, unit: t.speed, write: writer(page) }));
  };
  const show = () => {
    marked = Number(slider.value);
    const bytes = sizes[marked]!;
    slider.setAttribute("aria-valuetext", size(bytes));
    label.textContent = size(bytes);
    readout.replaceChildren(...names.map((name) => reading(name, bytes, curves.get(name)![marked]!, page)));
    draw();
  };
  slider.addEventListener("input", show);
  const observer = new ResizeObserver(draw);
  observer.observe(plot);
  const element = el(
    "figure",
    { class: "panel curves" },
    el("figcaption", {}, el("h3", {}, t.curvesTitle), el("p", { class: "minor" }, t.curvesAxis)),
    plot,
    el("p", { class: "sizes" }, el("label", { for: "race-size" }, t.messageSize), slider, label),
    readout,
    el(
      "details",
      {},
      el("summary", {}, t.table),
      el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": t.tableCaption }, table(results, page)),
    ),
  );
  show();
  return { element, stop: () => observer.disconnect() };
}

/** One contender at the marked size: a key to the chart, too. */
function reading(name: Contender, bytes: number, { best }: Figures, page: Page): HTMLElement {
  const write = writer(page);
  const t = page.t(texts);
  const sign = svg("svg", { viewBox: "-7 -7 14 14", "aria-hidden": "true", focusable: "false" }, mark(name, 0, 0));
  return el(
    "div",
    {},
    el("dt", {}, sign, t.contenders[name]),
    el("dd", {}, el("strong", {}, `${short(megabytesPerSecond(bytes, best), write)} ${t.speed}`)),
    el("dd", { class: "minor" }, duration(best, write)),
  );
}

function table({ cipher, sizes, curves, records }: Results, page: Page): HTMLElement {
  const t = page.t(texts);
  const write = writer(page);
  const names = CONTENDERS[cipher].filter((name) => curves.has(name));
  const cell = (figures: Figures | undefined) =>
    el("td", {}, figures ? `${duration(figures.best, write)} (${duration(figures.median, write)})` : "–");
  const row = (name: string, figures: readonly (Figures | undefined)[]) =>
    el("tr", {}, el("th", { scope: "row" }, name), ...figures.map(cell));
  return el(
    "table",
    {},
    el("caption", {}, t.tableCaption),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        ...[t.size, ...names.map((name) => t.contenders[name])].map((head) => el("th", { scope: "col" }, head)),
      ),
    ),
    el(
      "tbody",
      {},
      ...sizes.map((bytes, index) =>
        row(
          size(bytes),
          names.map((name) => curves.get(name)?.[index]),
        ),
      ),
      row(
        t.records,
        names.map((name) => records.get(name)),
      ),
    ),
  );
}
