import { toBase64 } from "../../kms/schema/base64.ts";
import { dateText } from "../../kms/schema/scalars.ts";
import { UsageError } from "./failures.ts";

/** Dates and bytes as the operations' records write them; fields that do not apply are left out. */
export function toJson(value: unknown): string {
  return JSON.stringify(plain(value));
}

/** Converted here because `JSON.stringify` would write a date with milliseconds. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64(value);
  if (value instanceof Date) return dateText(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

function cell(value: unknown): string {
  if (value instanceof Date) return dateText(value);
  return value === undefined || value === "" ? "-" : shown(String(value));
}

/** What a terminal obeys, or what makes text look like other text: controls, line separators, and changes of direction. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A description, a tag or a name may come from another caller, or from any server. */
function shown(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `name  value` lines, names aligned. Fields that do not apply are left out. */
export function fields(record: object): string {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${cell(value)}`).join("\n");
}

/** Rows under their headings, columns aligned. */
export function table(headings: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [headings, ...rows.map((row) => row.map(cell))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** @throws UsageError if both a report and the data would go to standard output */
export function requireOut(json: boolean | undefined, out: string | undefined): void {
  if (json && (out === undefined || out === "-"))
    throw new UsageError("--json prints a report on standard output. Give the data a file with --out");
}
