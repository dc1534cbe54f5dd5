import { invalidParameter, KmsError } from "../ports/errors.ts";
import { elements } from "../wire/request-fields.ts";
import { type AnswerOptions, type AnyField, expected, type Field, type Json, type Notes } from "./field.ts";
import { parseJson } from "./json-text.ts";
import { type Schema, unknownField } from "./schema.ts";

interface ListNotes<Item> extends Notes {
  readonly most: number;
  /** The error for a list that is too long. */
  readonly tooMany?: (most: number) => Error;
  /** What the whole list must be besides. @throws KmsError */
  readonly check?: (items: readonly Item[], parameter: string) => void;
  /** The service's name of one: `Key` of `Keys.Key[]`, `Tag` of `Tag.1.TagKey`. */
  readonly item?: string;
}

/** How one element of a list is read and travels. */
interface Element<Item> {
  readonly type: string;
  read(value: unknown, parameter: string): Item;
  fromParts(parts: ReadonlyMap<string, string>, parameter: string): Item;
  toJson(value: Item): Json;
  fromJson(json: unknown): Item;
}

function list<Item>(element: Element<Item>, notes: ListNotes<Item>): Field<readonly Item[], readonly Item[], true> {
  const { most, tooMany, check, item, ...others } = notes;
  const must = `It must be an array of at most ${most} ${element.type}.`;
  const read = (value: unknown, parameter: string): readonly Item[] => {
    const given = elements(value, most);
    if (given === undefined) {
      throw Array.isArray(value) && tooMany !== undefined ? tooMany(most) : invalidParameter(parameter, must);
    }
    const items = given.map((one) => element.read(one, parameter));
    check?.(items, parameter);
    return items;
  };
  return {
    ...others,
    required: true,
    type: `list of ${element.type}`,
    limits: most === Number.POSITIVE_INFINITY ? undefined : `at most ${most}`,
    partsName: item,
    read,
    fromText(text, parameter) {
      const json = parseJson(text, parameter);
      if (!Array.isArray(json)) throw invalidParameter(parameter, must);
      return json.map((one: unknown) => guarded(() => element.fromJson(one), parameter, must));
    },
    fromParts: (parts, parameter) =>
      numbered(parts, parameter, most).map((one) => guarded(() => element.fromParts(one, parameter), parameter, must)),
    toText: (value, parameter) => JSON.stringify(read(value, parameter).map((one) => element.toJson(one))),
    toJson(value) {
      const items = value.map((one) => element.toJson(one));
      return item === undefined ? items : { [item]: items };
    },
    fromJson(json) {
      const items = item === undefined ? json : (json as Record<string, unknown> | null)?.[item];
      if (!Array.isArray(items)) throw expected("a list");
      return items.map((one: unknown) => element.fromJson(one));
    },
  };
}

/** Reports a part of the wrong type under the name of its parameter. */
function guarded<T>(work: () => T, parameter: string, must: string): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof TypeError ? invalidParameter(parameter, must) : error;
  }
}

/** `1.TagKey`, `1.TagValue`, `2.TagKey` … → the parts of 1, of 2 …, which must begin at 1 and leave none out. */
function numbered(parts: ReadonlyMap<string, string>, parameter: string, most: number): Map<string, string>[] {
  const byNumber = new Map<number, Map<string, string>>();
  for (const [name, value] of parts) {
    const [, number = "", rest = ""] = /^([1-9]\d{0,5})(?:\.(.+))?$/s.exec(name) ?? [];
    if (number === "") throw invalidParameter(parameter, `Its parts must be numbered from 1: "${parameter}.1".`);
    const one = byNumber.get(Number(number)) ?? new Map<string, string>();
    byNumber.set(Number(number), one.set(rest, value));
  }
  return Array.from({ length: byNumber.size }, (_, index) => {
    const one = byNumber.get(index + 1);
    if (one === undefined)
      throw invalidParameter(parameter, `Its parts must be numbered from 1 to ${most}, none left out.`);
    return one;
  });
}

/** A list of strings. */
export function listOfStrings(
  notes: ListNotes<string> & { readonly readItem?: (value: unknown, parameter: string) => string },
): Field<readonly string[], readonly string[], true> {
  const { readItem, ...others } = notes;
  const fromJson = (json: unknown): string => {
    if (typeof json !== "string") throw expected("a string");
    return json;
  };
  const element: Element<string> = {
    type: "strings",
    read(value, parameter) {
      if (readItem !== undefined) return readItem(value, parameter);
      if (typeof value !== "string") throw invalidParameter(parameter, "Its elements must be strings.");
      return value;
    },
    fromParts: (parts) => fromJson(parts.size === 1 ? parts.get("") : undefined),
    toJson: (value) => value,
    fromJson,
  };
  return list(element, others);
}

/** A list of records. */
export function listOf<Item extends object>(
  schema: Schema<Item, Item>,
  notes: ListNotes<Item>,
): Field<readonly Item[], readonly Item[], true> {
  const shape = `{ ${schema.entries.map(({ name }) => name).join(", ")} }`;
  const element: Element<Item> = {
    type: shape,
    read(value, parameter) {
      if (typeof value !== "object" || value === null) {
        throw invalidParameter(parameter, `It must be an array of ${shape}.`);
      }
      try {
        return schema.read(value as Item);
      } catch (error) {
        // The parameter is present; a part of it is missing.
        const isIncomplete = error instanceof KmsError && error.code === "MissingParameter";
        throw isIncomplete ? invalidParameter(parameter, `It must be an array of ${shape}.`) : error;
      }
    },
    fromParts: (parts, parameter) => recordFromParts(schema, parts, parameter),
    toJson: (value) => recordToJson(schema, value),
    fromJson: (json) => recordFromJson(schema, json),
  };
  return list(element, notes);
}

/** One record in a response. */
export function record<Value extends object>(
  schema: Schema<Value, unknown>,
  notes: Notes & { readonly name: string },
): Field<Value, Value, true> {
  const { name, ...others } = notes;
  const fromJson = (json: unknown) => recordFromJson(schema, json);
  return {
    ...others,
    required: true,
    type: name,
    read: fromJson,
    fromText: (text, parameter) => fromJson(parseJson(text, parameter)),
    toText: (value) => JSON.stringify(recordToJson(schema, value)),
    toJson: (value, options) => recordToJson(schema, value, options),
    fromJson,
  };
}

/** Fields that are absent are left out, unless the service gives them as empty text. */
export function recordToJson<Value extends object>(
  schema: Schema<Value, unknown>,
  value: Value,
  options: AnswerOptions = {},
): { readonly [name: string]: Json } {
  const json: Record<string, Json> = {};
  for (const { name, parameter, field } of schema.entries) {
    const one: unknown = Reflect.get(value, name);
    if (one !== undefined && one !== null) json[parameter] = field.toJson(one, options);
    else if (field.emptyText !== undefined) json[parameter] = field.emptyText;
  }
  return json;
}

/** Members that are not known are left out: services answer more than this package knows. */
export function recordFromJson<Value>(schema: Schema<Value, unknown>, json: unknown): Value {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw expected("an object");
  const value: Record<string, unknown> = {};
  for (const { name, parameter, field } of schema.entries) {
    value[name] = memberOf(json, parameter, field);
  }
  return value as Value;
}

function memberOf(json: object, parameter: string, field: AnyField): unknown {
  const one: unknown = Object.hasOwn(json, parameter) ? Reflect.get(json, parameter) : undefined;
  const isAbsent = one === undefined || one === null || (one === "" && field.emptyText === "");
  if (!isAbsent) return field.fromJson(one);
  if (field.ifMissing === undefined && field.required) throw expected(`a member ${parameter}`);
  return field.ifMissing;
}

function recordFromParts<Value>(
  schema: Schema<Value, unknown>,
  parts: ReadonlyMap<string, string>,
  parameter: string,
): Value {
  const value: Record<string, unknown> = {};
  const nested = new Map<string, Map<string, string>>();
  for (const [name, text] of parts) {
    const [first = "", ...rest] = name.split(".");
    const entry = schema.entries.find((one) => one.parameter === first);
    if (entry === undefined) {
      throw unknownField(
        `${parameter}.1.${first}`,
        schema.entries.map((one) => `${parameter}.1.${one.parameter}`),
      );
    }
    if (rest.length === 0) value[entry.name] = entry.field.fromText(text, parameter);
    else nested.set(first, (nested.get(first) ?? new Map<string, string>()).set(rest.join("."), text));
  }
  for (const [first, more] of nested) {
    const entry = schema.entries.find((one) => one.parameter === first);
    if (entry?.field.fromParts !== undefined) value[entry.name] = entry.field.fromParts(more, parameter);
  }
  return value as Value;
}
