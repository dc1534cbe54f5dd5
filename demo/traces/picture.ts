import { svg } from "../dom.ts";
import type { Band, BandName } from "./bands.ts";

export interface PictureParts {
  readonly bands: readonly Band[];
  /** The addresses of the runs with both keys, in order. */
  readonly addresses: readonly [Int32Array, Int32Array];
  /** In pixels. */
  readonly width: number;
  readonly nameOf: (band: BandName) => string;
}

/** A dot's side, in pixels. */
const DOT = 3;
/** Above each band, for its name. */
const TITLE = 20;
/** Heights of bands of few bytes and of many. */
const [LOWEST, HIGHEST] = [18, 54];
const BYTES_PER_DOT = 8;

interface Placed extends Band {
  readonly top: number;
  readonly height: number;
}

function place(bands: readonly Band[]): Placed[] {
  let bottom = 0;
  return bands.map((band) => {
    const dots = Math.ceil((band.to - band.from) / BYTES_PER_DOT);
    const height = Math.min(HIGHEST, Math.max(LOWEST, dots * DOT));
    const top = bottom + TITLE;
    bottom = top + height;
    return { ...band, top, height };
  });
}

type Dots = Record<"both" | "first" | "second", Set<string>>;

/** Two traces, one over the other: events from left to right, addresses from top to bottom; what differs in the colour of its key. */
export function picture({ bands, addresses, width, nameOf }: PictureParts): SVGElement {
  const placed = place(bands);
  const height = (placed.at(-1)?.top ?? 0) + (placed.at(-1)?.height ?? 0);
  const [first, second] = addresses;
  const length = Math.max(first.length, second.length);
  const columns = Math.floor(width / DOT);
  const dots: Dots = { both: new Set(), first: new Set(), second: new Set() };
  const dotOf = (index: number, address: number): string => {
    const band = placed.find(({ from, to }) => address >= from && address < to);
    if (!band) throw new Error(`No band has the address ${address}`);
    const column = Math.floor((index * columns) / length);
    const part = (address - band.from) / (band.to - band.from);
    const row = Math.floor((part * band.height) / DOT);
    return `M${column * DOT} ${band.top + row * DOT}h${DOT}v${DOT}h-${DOT}z`;
  };
  for (let index = 0; index < length; index++) {
    const [a, b] = [first[index], second[index]];
    if (a === b && a !== undefined) dots.both.add(dotOf(index, a));
    else {
      if (a !== undefined) dots.first.add(dotOf(index, a));
      if (b !== undefined) dots.second.add(dotOf(index, b));
    }
  }
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true", focusable: "false" },
    ...placed.flatMap(({ name, top, height: tall }) => [
      svg("text", { class: "tick", x: 0, y: top - 6 }, nameOf(name)),
      svg("rect", { class: "band", x: 0, y: top, width, height: tall }),
    ]),
    ...(["both", "second", "first"] as const).map((kind) =>
      svg("path", { class: `dots ${kind}`, d: [...dots[kind]].join("") }),
    ),
  );
}
