import { svg } from "../dom.ts";
import { type Contender, type Figures, megabytesPerSecond } from "./results.ts";
import { decades, LogScale } from "./scale.ts";
import { size, type WriteNumber } from "./units.ts";

interface ChartParts {
  readonly sizes: readonly number[];
  readonly curves: ReadonlyMap<Contender, readonly Figures[]>;
  /** In pixels: the drawing is made for it, so that its text keeps its size on narrow pages. */
  readonly width: number;
  /** The index of the size that is marked. */
  readonly marked: number;
  readonly unit: string;
  readonly write: WriteNumber;
}

const HEIGHT = 320;
const MARGIN = { left: 52, right: 14, top: 24, bottom: 30 };

/** A shape for each contender, so that colour is not all that tells them apart: paths around 0 0. */
const MARKS: Readonly<Record<Contender, string>> = {
  lanelock: "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0Z",
  webcrypto: "M-4 -4h8v8h-8Z",
  noble: "M0 -5.2L5 4H-5Z",
  "sm-crypto": "M0 -5.4L5.4 0L0 5.4L-5.4 0Z",
};

/** The mark of a contender, for the chart and its legend. */
export const mark = (name: Contender, x: number, y: number): SVGElement =>
  svg("path", { class: `mark ${name}`, d: MARKS[name], transform: `translate(${x} ${y})` });

/** Speed over message size, both logarithmic. The table says the same to those who do not see it. */
export function curvesChart({ sizes, curves, width, marked, unit, write }: ChartParts): SVGElement {
  const speeds = new Map(
    [...curves].map(([name, figures]) => [
      name,
      figures.map(({ best }, index) => megabytesPerSecond(sizes[index]!, best)),
    ]),
  );
  const [low, high] = decades([...speeds.values()].flat());
  const [right, bottom] = [width - MARGIN.right, HEIGHT - MARGIN.bottom];
  const x = new LogScale([sizes[0]!, sizes.at(-1)!], [MARGIN.left + 10, right - 10]);
  const y = new LogScale([low, high], [bottom, MARGIN.top]);
  // Labels of some 46 pixels; on narrow pages only every second or third has room.
  const every = Math.ceil(sizes.length / Math.max(1, Math.floor((right - MARGIN.left) / 58)));
  const powers = Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, index) => low * 10 ** index);
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": "true", focusable: "false" },
    ...powers.flatMap((power) => [
      svg("line", { class: "grid", x1: MARGIN.left, x2: right, y1: y.at(power), y2: y.at(power) }),
      svg(
        "text",
        { class: "tick end", x: MARGIN.left - 8, y: y.at(power) + 4 },
        write(power, { maximumSignificantDigits: 1 }),
      ),
    ]),
    svg("text", { class: "tick end", x: MARGIN.left - 8, y: 11 }, unit),
    ...sizes.flatMap((bytes, index) =>
      (sizes.length - 1 - index) % every === 0
        ? [svg("text", { class: "tick middle", x: x.at(bytes), y: HEIGHT - 9 }, size(bytes))]
        : [],
    ),
    svg("line", { class: "marked", x1: x.at(sizes[marked]!), x2: x.at(sizes[marked]!), y1: MARGIN.top, y2: bottom }),
    // lanelock's curve last: it lies above the others.
    ...[...speeds].reverse().flatMap(([name, values]) => {
      const points = values.map((value, index) => [x.at(sizes[index]!), y.at(value)] as const);
      const path = points.map((point, index) => `${index === 0 ? "M" : "L"}${point.join(" ")}`).join("");
      return [svg("path", { class: `curve ${name}`, d: path }), ...points.map(([left, top]) => mark(name, left, top))];
    }),
  );
}
