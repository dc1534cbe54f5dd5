import type { Paged } from "../page-data.ts";
import { type Child, el } from "./dom.ts";
import { count } from "./text.ts";

export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => Child | readonly Child[];
  /** Numbers stand under each other. */
  readonly numeric?: boolean;
}

/** A table whose first column names its rows. On a narrow page each row is a card; the roles keep it a table for screen readers. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): HTMLTableElement {
  const heads = columns.map(({ name, numeric }) =>
    el("th", { scope: "col", role: "columnheader", class: numeric && "numeric" }, name),
  );
  return el(
    "table",
    { role: "table" },
    el("caption", { class: "hidden" }, caption),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...heads)),
    el("tbody", { role: "rowgroup" }, ...rows.map((row) => tableRow(columns, row))),
  );
}

export function tableRow<Row>(columns: readonly Column<Row>[], row: Row): HTMLTableRowElement {
  const cells = columns.map(({ name, cell, numeric }, index) => {
    const content = cell(row);
    const children = Array.isArray(content) ? content : [content as Child];
    const attributes = { "data-name": name, class: numeric && "numeric" };
    if (index === 0) return el("th", { scope: "row", role: "rowheader", ...attributes }, ...children);
    return el("td", { role: "cell", ...attributes }, ...children);
  });
  return el("tr", { role: "row" }, ...cells);
}

/** Which rows are shown, and links to the others. `address` ends where the page's number follows. */
export function pager({ page, pageSize, total }: Paged, address: string): HTMLElement | undefined {
  const last = Math.max(1, Math.ceil(total / pageSize));
  if (last === 1 && page === 1) return undefined;
  const first = (page - 1) * pageSize + 1;
  const shown = first > total ? "none" : `${count(first)}–${count(Math.min(total, page * pageSize))}`;
  const link = (name: string, target: number, mark: string) =>
    target === page || target < 1 || target > last
      ? el("span", { "aria-hidden": true, class: "off" }, name)
      : el("a", { href: `${address}${target}`, "data-mark": mark }, name);
  return el(
    "nav",
    { class: "pager", "aria-label": "Pages" },
    el("p", {}, `${shown} of ${count(total)}`),
    el("div", {}, link("First", 1, "first"), link("Previous", Math.min(page - 1, last), "previous")),
    el("p", { class: "page" }, `Page ${count(page)} of ${count(last)}`),
    el("div", {}, link("Next", page + 1, "next"), link("Last", last, "last")),
  );
}

/** What is said where there is nothing to show. */
export function empty(title: string, ...advice: readonly Child[]): HTMLElement {
  return el("div", { class: "empty" }, el("p", { class: "lead" }, title), el("p", {}, ...advice));
}
