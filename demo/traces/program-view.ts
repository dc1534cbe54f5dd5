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
    el("details", {}, el("summary", {}, t.table), differences(traced, { page, bands, bandName })),
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

function differences({ addresses }: Traced, { page, bands, bandName }: Naming): HTMLElement {
  const t = page.t(texts);
  const [first, second] = addresses;
  const rows: HTMLElement[] = [];
  const placed = (address: number | undefined): string => {
    const band = bands.find(({ from, to }) => address !== undefined && address >= from && address < to);
    return band === undefined || address === undefined ? "–" : `${bandName(band.name)} + ${address - band.from}`;
  };
  for (let index = 0; index < Math.max(first.length, second.length) && rows.length < ROWS; index++) {
    if (first[index] === second[index]) continue;
    const cells = [first[index], second[index]].map((address) => el("td", {}, placed(address)));
    rows.push(el("tr", {}, el("th", { scope: "row" }, page.number(index + 1)), ...cells));
  }
  if (rows.length === 0) return el("p", {}, t.noDifference);
  const heads = [t.access, t.keyOne, t.keyTwo].map((head) => el("th", { scope: "col" }, head));
  const caption = t.tableCaption(page.number(rows.length));
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows)),
  );
}
