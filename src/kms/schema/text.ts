import { invalidParameter, KmsError } from "../ports/errors.ts";
import { requiredString } from "../wire/ids.ts";
import { freeText, optionalChoice, requiredInterval } from "../wire/request-fields.ts";
import { expected, type Field, type Notes } from "./field.ts";
import { groupedDigits } from "./grouped-digits.ts";

interface TextNotes extends Notes {
  /** The form, in words. */
  readonly form?: string;
  /** For clients of services that leave the field out. */
  readonly ifMissing?: string;
  /** In a response, for a field that does not apply. */
  readonly emptyText?: "";
}

/** A string of any form. What it must be, if anything, is for the operation to check. */
export function string({ form, ...notes }: TextNotes = {}): Field<string, string, true> {
  return {
    ...notes,
    required: true,
    type: "string",
    limits: form,
    read: requiredString,
    fromText: (text) => text,
    toText: (value) => value,
    toJson: (value) => value,
    fromJson: stringJson,
  };
}

/** Free text that any database can hold. */
export function text(most: number, notes: Notes = {}): Field<string, string, true> {
  const form = `at most ${groupedDigits(most)} characters, no NUL`;
  return { ...string({ form, ...notes }), read: (value, parameter) => freeText(value, parameter, most) };
}

interface KeyNotes extends Notes {
  /** Whether an alias, or the ARN of one, may name the key. Where it may not, one is `Unsupported.Alias`. */
  readonly alias: boolean;
  readonly neverNull?: true;
}

/** A string that names a key: its id, its ARN and, where the service takes one, an alias. Whether there is such a key is looked up later. */
export function keyName({ alias, ...notes }: KeyNotes): Field<string, string, true> {
  const field = string({ form: alias ? "key id, alias or ARN" : "key id or ARN", ...notes });
  if (alias) return field;
  return {
    ...field,
    read(value, parameter) {
      const name = requiredString(value, parameter);
      if (!name.startsWith("alias/")) return name;
      throw new KmsError("Unsupported.Alias", "Alias is not valid for this api.");
    },
  };
}

/** One of a closed set. */
export function choice<const T extends string>(
  of: readonly T[],
  { ifMissing, ...notes }: Notes & { readonly ifMissing?: T } = {},
): Field<T, T, true> {
  return {
    ...notes,
    ifMissing,
    required: true,
    type: "string",
    limits: of.map((one) => `\`${one}\``).join(", "),
    read: (value, parameter) => oneOf(value, parameter, of),
    fromText: (given, parameter) => oneOf(given, parameter, of),
    toText: (value) => value,
    toJson: (value) => value,
    // A service may know more values than this package, so a client accepts them all.
    fromJson: (json) => stringJson(json) as T,
  };
}

function oneOf<T extends string>(value: unknown, parameter: string, of: readonly T[]): T {
  const known = optionalChoice(value, parameter, of);
  if (known === undefined) throw invalidParameter(parameter, `It must be one of: ${of.join(", ")}.`);
  return known;
}

/** A span of time like `365d` or `604800s`. An operation reads it in seconds. */
export function interval(
  [least, most]: readonly [least: number, most: number],
  notes: Notes = {},
): Field<string, number, true> {
  return {
    ...string({ form: `like \`365d\` or \`604800s\`, ${least / 86_400} to ${most / 86_400} days`, ...notes }),
    otherwise: undefined,
    read: (value, parameter) => requiredInterval(value, parameter, [least, most]),
  };
}

export function stringJson(json: unknown): string {
  if (typeof json !== "string") throw expected("a string");
  return json;
}
