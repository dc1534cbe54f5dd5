import { el, svg } from "./dom.ts";

export interface Series {
  readonly name: string;
  /** Names its colour in the style sheet. */
  readonly kind: "main" | "second" | "bad";
  /** Oldest first; null where there is no value. */
  readonly values: readonly (number | null)[];
}

export interface ChartParts {
  readonly title: string;
  readonly series: readonly Series[];
  /** As many as fit from left to right: a short history stands at the right. */
  readonly capacity: number;
  readonly span: string;
  readonly format: (value: number | null) => string;
}

const [WIDTH, HEIGHT] = [600, 120];

/** Lines over time. The words under the title say the same to those who do not see them. */
export function chart({ title, series, capacity, span, format }: ChartParts): HTMLElement {
  const known = series.flatMap(({ values }) => values.filter((value) => value !== null));
  const top = roundUp(Math.max(0, ...known));
  const facts = series.map(({ name, kind, values }) => {
    const now = values.findLast((value) => value !== null) ?? null;
    const most = values.reduce(
      (high: number | null, value) => (value === null ? high : Math.max(high ?? 0, value)),
      null,
    );
    return el(
      "li",
      { class: kind },
      el("span", { class: "name" }, name),
      el("strong", {}, format(now)),
      most !== null && el("span", { class: "minor" }, `most ${format(most)}`),
    );
  });
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
    ...[0.25, 0.5, 0.75].map((part) =>
      svg("line", { class: "grid", x1: 0, x2: WIDTH, y1: part * HEIGHT, y2: part * HEIGHT }),
    ),
    ...series.flatMap((one) => lines(one, { capacity, top, fill: series.length === 1 })),
  );
  return el(
    "figure",
    {},
    el("figcaption", {}, el("h2", {}, title), el("ul", { class: "series" }, ...facts)),
    el(
      "div",
      { class: "plot" },
      el("span", { class: "top" }, format(top)),
      drawing,
      el("span", { class: "bottom" }, "0"),
    ),
    el("p", { class: "axis" }, el("span", {}, `${span} ago`), el("span", {}, "now")),
  );
}

interface Scale {
  readonly capacity: number;
  readonly top: number;
  readonly fill: boolean;
}

function lines({ values, kind }: Series, { capacity, top, fill }: Scale): SVGElement[] {
  const step = WIDTH / (capacity - 1);
  const start = capacity - values.length;
  const points = values.map((value, index) =>
    value === null ? null : [round((start + index) * step), round(HEIGHT - (value / top) * (HEIGHT - 2) - 1)],
  );
  const path = points
    .map((point, index) => (point === null ? "" : `${points[index - 1] ? "L" : "M"}${point.join(" ")}`))
    .join("");
  const [first] = points;
  const area =
    fill && first && !points.includes(null) ? `${path}L${WIDTH} ${HEIGHT}L${first[0]} ${HEIGHT}Z` : undefined;
  // A value between two gaps has no line to be seen by: a stroke of no length with round ends is a dot.
  const dots = points.map((point, index) =>
    point === null || points[index - 1] || points[index + 1] ? "" : `M${point.join(" ")}h0`,
  );
  return [
    ...(area === undefined ? [] : [svg("path", { class: `area ${kind}`, d: area })]),
    svg("path", { class: `line ${kind}`, d: path }),
    svg("path", { class: `line dot ${kind}`, d: dots.join("") }),
  ];
}

const round = (value: number) => Math.round(value * 10) / 10;

/** To 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((digit) => digit * power >= value) ?? 10) * power;
}
