import { svg } from "../dom.ts";
import type { Band, BandName } from "./bands.ts";

export interface PictureParts {
  readonly bands: readonly Band[];
  /** The addresses of the runs with both keys, in order. */
  readonly addresses: readonly [Int32Array, Int32Array];
  /** The number of accesses after which encryption begins. */
  readonly expansion: number;
  readonly phases: readonly [expansion: string, encryption: string];
  /** In pixels. */
  readonly width: number;
  readonly nameOf: (band: BandName) => string;
}

/** A dot's side, in pixels. */
const DOT = 3;
/** Above each band, for its name. */
const TITLE = 20;
/** Above all bands, for the names of the phases; and how wide those are. */
const [HEADER, ROOM] = [20, 96];
/** Heights of bands of few bytes and of many. */
const [LOWEST, HIGHEST] = [18, 54];
const BYTES_PER_DOT = 8;

interface Placed extends Band {
  readonly top: number;
  readonly height: number;
}

function place(bands: readonly Band[]): Placed[] {
  let bottom = HEADER;
  return bands.map((band) => {
    const dots = Math.ceil((band.to - band.from) / BYTES_PER_DOT);
    const height = Math.min(HIGHEST, Math.max(LOWEST, dots * DOT));
    const top = bottom + TITLE;
    bottom = top + height;
    return { ...band, top, height };
  });
}

type Kind = "both" | "first" | "second";

/** The dots of each kind as paths. Accesses that fall on one dot are drawn once. */
function dotsOf([first, second]: PictureParts["addresses"], placed: readonly Placed[], width: number) {
  const length = Math.max(first.length, second.length);
  const columns = Math.floor(width / DOT);
  const dots: Record<Kind, Set<string>> = { both: new Set(), first: new Set(), second: new Set() };
  const add = (kind: Kind, index: number, address: number | undefined) => {
    if (address === undefined) return;
    const band = placed.find(({ from, to }) => address >= from && address < to);
    if (!band) throw new Error(`No band has the address ${address}`);
    const column = Math.floor((index * columns) / length);
    const row = Math.floor((((address - band.from) / (band.to - band.from)) * band.height) / DOT);
    dots[kind].add(`M${column * DOT} ${band.top + row * DOT}h${DOT}v${DOT}h-${DOT}z`);
  };
  for (let index = 0; index < length; index++) {
    const [a, b] = [first[index], second[index]];
    add(a === b ? "both" : "first", index, a);
    if (a !== b) add("second", index, b);
  }
  return dots;
}

/** Where the key is expanded and where encryption begins; the names only where there is room for them. */
function phasesAt(x: number, { width, phases }: PictureParts, height: number): SVGElement[] {
  const [expansion, encryption] = phases;
  const label = (at: number, text: string) => svg("text", { class: "tick", x: at, y: HEADER - 6 }, text);
  return [
    ...(x >= ROOM ? [label(0, expansion)] : []),
    ...(width - x >= ROOM ? [label(x + 6, encryption)] : []),
    svg("line", { class: "marked", x1: x, x2: x, y1: 0, y2: height }),
  ];
}

/** Two traces, one over the other: accesses from left to right, addresses from top to bottom; what differs in the colour of its key. */
export function picture(parts: PictureParts): SVGElement {
  const { bands, addresses, expansion, width, nameOf } = parts;
  const placed = place(bands);
  const { top = 0, height: lowest = 0 } = placed.at(-1) ?? {};
  const height = top + lowest;
  const dots = dotsOf(addresses, placed, width);
  const x = Math.round((expansion / Math.max(1, addresses[0].length)) * width);
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
    ...phasesAt(x, parts, height),
  );
}
