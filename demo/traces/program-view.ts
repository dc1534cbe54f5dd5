import { el } from "../dom.ts";
import type { Page } from "../view.ts";
import { type Band, type BandName, bandsOf } from "./bands.ts";
import { picture } from "./picture.ts";
import { texts } from "./strings.ts";
import { hex, type ProgramName, type Traced } from "./work.ts";

/** Rows of the table of differences. */
const ROWS = 12;
/** Of the picture, in pixels. */
const NARROWEST = 240;

export interface ProgramView {
  readonly element: HTMLElement;
  stop(): void;
}

/** One program's two traces: the count, the picture, and the same as a table. */
export function programView(name: ProgramName, traced: Traced, page: Page): ProgramView {
  const t = page.t(texts);
  const { addresses, addressTally, decisions, expansion, layout } = traced;
  const bands = bandsOf([...addresses[0], ...addresses[1]], layout);
  const bandName = (band: BandName) => (name === "table" && band === "constants" ? t.tableBand : t.bands[band]);
  const naming = { page, bands, bandName };
  const count = (value: number) => page.number(value);
  const plot = el("div", { class: "plot" });
  const draw = () => {
    const width = Math.max(NARROWEST, Math.floor(plot.clientWidth));
    plot.replaceChildren(picture({ bands, addresses, expansion, phases: t.phases, width, nameOf: bandName }));
  };
  const observer = new ResizeObserver(draw);
  observer.observe(plot);
  const element = el(
    "article",
    { class: `panel program ${name}` },
    el("h3", {}, t.programs[name]),
    el("p", { class: "minor" }, t.about[name]),
    el(
      "p",
      { class: addressTally.different === 0 ? "count good" : "count bad" },
      el("strong", {}, count(addressTally.different)),
      " ",
      el("span", {}, t.ofAddresses(count(addressTally.total))),
    ),
    el("p", { class: "minor small" }, t.ofDecisions(count(decisions.different), count(decisions.total))),
    plot,
    el("p", { class: "axis minor small" }, t.time),
    reading(traced, page),
    el("details", {}, el("summary", {}, t.table), byBand(traced, naming), differences(traced, naming)),
    el("p", { class: "minor small module" }, `${t.file} ${traced.file}, SHA-256 `, el("code", {}, traced.sha256)),
  );
  return { element, stop: () => observer.disconnect() };
}

/** What an observer learns. */
function reading({ keyRead, addressTally }: Traced, page: Page): HTMLElement | false {
  const t = page.t(texts);
  if (keyRead === undefined) return addressTally.different === 0 && el("p", { class: "reading" }, t.nothingRead);
  return el(
    "div",
    { class: "reading" },
    el("p", {}, t.keyRead, " ", el("code", { class: "key" }, hex(keyRead))),
    el("p", { class: "minor small" }, t.keyReadHow),
  );
}

interface Naming {
  readonly page: Page;
  readonly bands: readonly Band[];
  readonly bandName: (band: BandName) => string;
}

function table(caption: string, heads: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const row = ([first = "", ...others]: readonly string[]) =>
    el("tr", {}, el("th", { scope: "row" }, first), ...others.map((cell) => el("td", {}, cell)));
  const head = el("tr", {}, ...heads.map((one) => el("th", { scope: "col" }, one)));
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "group", "aria-label": caption },
    el("table", {}, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, ...rows.map(row))),
  );
}

/** The picture in words: how many accesses fall on each stretch of memory, and how many of them differ. */
function byBand({ addresses: [first, second] }: Traced, { page, bands, bandName }: Naming): HTMLElement {
  const t = page.t(texts);
  const rows = bands.map(({ name, from, to }) => {
    const inside = (address: number | undefined) => address !== undefined && address >= from && address < to;
    let [total, different] = [0, 0];
    for (let index = 0; index < Math.max(first.length, second.length); index++) {
      if (!inside(first[index]) && !inside(second[index])) continue;
      total += 1;
      if (first[index] !== second[index]) different += 1;
    }
    return [`${bandName(name)} (${page.number(to - from)} B)`, page.number(total), page.number(different)];
  });
  return table(t.byBand, [t.memory, t.accesses, t.different], rows);
}

function differences({ addresses: [first, second] }: Traced, { page, bands, bandName }: Naming): HTMLElement {
  const t = page.t(texts);
  const rows: string[][] = [];
  const placed = (address: number | undefined): string => {
    const band = bands.find(({ from, to }) => address !== undefined && address >= from && address < to);
    return band === undefined || address === undefined ? "–" : `${bandName(band.name)} + ${address - band.from}`;
  };
  for (let index = 0; index < Math.max(first.length, second.length) && rows.length < ROWS; index++) {
    if (first[index] === second[index]) continue;
    rows.push([page.number(index + 1), placed(first[index]), placed(second[index])]);
  }
  if (rows.length === 0) return el("p", {}, t.noDifference);
  return table(t.tableCaption(page.number(rows.length)), [t.access, t.keyOne, t.keyTwo], rows);
}
