import { invalidParameter } from "../ports/errors.ts";
import { requiredBoolean, requiredInteger } from "../wire/request-fields.ts";
import { expected, type Field, type Notes, withDefault } from "./field.ts";
import { groupedDigits } from "./grouped-digits.ts";

type Range = readonly [least: number, most: number];

/** A whole number. */
export function integer(
  range: Range = [0, Number.MAX_SAFE_INTEGER],
  { limits, ...notes }: Notes & { readonly limits?: string } = {},
): Field<number, number, true> {
  const [least, most] = range.map(groupedDigits);
  return {
    ...notes,
    required: true,
    type: "integer",
    limits: limits ?? (range[1] === Number.MAX_SAFE_INTEGER ? `from ${least}` : `${least} to ${most}`),
    read: (value, parameter) => requiredInteger(value, parameter, range),
    fromText(text, parameter) {
      if (/^-?\d{1,15}$/.test(text)) return Number(text);
      throw invalidParameter(parameter, "It must be a whole number.");
    },
    toText: String,
    toJson: (value) => value,
    fromJson(json) {
      if (typeof json !== "number" || !Number.isSafeInteger(json)) throw expected("a whole number");
      return json;
    },
  };
}

export function boolean({
  ifMissing,
  ...notes
}: Notes & { readonly ifMissing?: boolean } = {}): Field<boolean, boolean, true> {
  return {
    ...notes,
    ifMissing,
    required: true,
    type: "boolean",
    read: requiredBoolean,
    fromText(text, parameter) {
      // `str(True)` of Python is `True`.
      if (/^true$/i.test(text)) return true;
      if (/^false$/i.test(text)) return false;
      throw invalidParameter(parameter, "It must be true or false.");
    },
    toText: String,
    toJson: (value) => value,
    fromJson(json) {
      if (typeof json !== "boolean") throw expected("true or false");
      return json;
    },
  };
}

/** A boolean that is false when absent. */
export function flag(notes: Notes = {}): Field<boolean, boolean, false> {
  return withDefault(boolean(notes), false);
}

const DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;

/** A moment: in process a `Date`, over HTTP `2021-05-20T06:34:21Z`, to the second. In responses alone. */
export function date(notes: Notes & { readonly emptyText?: "" } = {}): Field<Date, Date, true> {
  const fromJson = (json: unknown): Date => {
    if (typeof json !== "string" || !DATE.test(json) || Number.isNaN(Date.parse(json))) throw expected("a date");
    return new Date(json);
  };
  return {
    ...notes,
    required: true,
    type: "date",
    read: fromJson,
    fromText: fromJson,
    toText: dateText,
    toJson: dateText,
    fromJson,
  };
}

/** As the service writes a moment: `2021-05-20T06:34:21Z`, to the second. */
export function dateText(value: Date): string {
  return value.toISOString().replace(/\.\d{3}Z$/, "Z");
}
