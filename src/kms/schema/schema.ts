import { nearestName } from "../../shared/nearest-name.ts";
import { invalidParameter, type KmsError, missingParameter } from "../ports/errors.ts";
import type { AnyField, Field } from "./field.ts";

/** The fields a type must have in a schema: every one of its own, of its type, required where it is required there. */
export type FieldsOf<T> = {
  readonly [K in keyof T]-?: Field<NonNullable<T[K]>, unknown, undefined extends T[K] ? false : true>;
};

type ReadOf<Shape> = {
  readonly [K in keyof Shape]: Shape[K] extends { read: (...given: never[]) => infer Read } ? Read : never;
};

type NothingElse<Shape, T> = { readonly [K in Exclude<keyof Shape, keyof T>]: never };

/** A field with its names: in process (`keyId`), and the service's (`KeyId`). */
export interface Entry {
  readonly name: string;
  readonly parameter: string;
  readonly field: AnyField;
}

/** The fields of a request, a response or a record within one. `Given` is the public type, `Read` what an operation gets. */
export interface Schema<Given, Read = unknown> {
  readonly entries: readonly Entry[];
  /**
   * Reads an object that a caller gave, every field once, and refuses fields it does not know.
   *
   * @throws KmsError `InvalidParameter` or `MissingParameter` for the first field that is wrong
   */
  readonly read: (given: Given) => Read;
}

/** Reads the value of one field, absent or not. */
type Readers<Shape> = {
  readonly [K in keyof Shape]: (
    value: unknown,
  ) => Shape[K] extends { read: (...given: never[]) => infer Read } ? Read : never;
};

/**
 * The schema of a public type. The compiler checks it against the type: a field that is missing, of another type, or required
 * in one and not in the other does not compile.
 *
 * `inOrder` is for operations that are called a million times: it reads the fields one by one, which takes a third of the time that
 * a loop over them does. The compiler holds it to the fields.
 *
 * @example
 * const request = fields<GenerateRandomRequest>()({ length: integer([1, 1_024]) });
 */
export function fields<Given>() {
  return <const Shape extends FieldsOf<Given>>(
    shape: Shape & NothingElse<Shape, Given>,
    inOrder?: (given: { readonly [K in keyof Given]?: unknown }, read: Readers<Shape>) => ReadOf<Shape>,
  ): Schema<Given, ReadOf<Shape>> => {
    const entries = Object.entries<AnyField>(shape).map(([name, field]) => ({
      name,
      parameter: field.parameter ?? capitalized(name),
      field,
    }));
    if (inOrder === undefined) return { entries, read: readerOf<Given, ReadOf<Shape>>(entries) };
    const readers = Object.fromEntries(entries.map((entry) => [entry.name, valueReader(entry)])) as Readers<Shape>;
    const known = new Set(entries.map(({ name }) => name));
    const read = (given: Given): ReadOf<Shape> => {
      requireObject(given);
      for (const name in given) if (!known.has(name)) refuseUnless(isInherited(given, name), name, entries);
      return inOrder(given, readers);
    };
    return { entries, read };
  };
}

function valueReader({ field, parameter }: Entry): (value: unknown) => unknown {
  const { otherwise, required, neverNull } = field;
  const read = field.read.bind(field);
  return (value) => {
    if (value !== undefined && (value !== null || neverNull)) return read(value, parameter);
    if (required) throw missingParameter(parameter);
    return otherwise;
  };
}

function requireObject(given: unknown): asserts given is object {
  if (typeof given !== "object" || given === null) throw missingParameter("Request");
}

/** The schema of an operation that answers nothing. */
export const nothing: Schema<void> = { entries: [], read: () => ({}) };

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/**
 * Reads in one pass over the fields a request has, into an object that begins as a copy of one with all fields: both halve the
 * time it takes. A request that is more than an object literal, or lacks a required field, is asked for every field, because
 * accessors of classes and proxies do not show in a pass.
 */
function readerOf<Given, Read>(entries: readonly Entry[]): (given: Given) => Read {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const blank = Object.fromEntries(entries.map(({ name, field }) => [name, field.otherwise]));
  const required = entries.filter(({ field }) => field.required).map(({ name }) => name);

  const readEvery = (given: Record<string, unknown>): Record<string, unknown> => {
    const read = { ...blank };
    for (const name in given) if (!byName.has(name)) refuseUnless(isInherited(given, name), name, entries);
    for (const { name, parameter, field } of entries) {
      const value = given[name];
      if (value !== undefined && (value !== null || field.neverNull)) read[name] = field.read(value, parameter);
      else if (field.required) throw missingParameter(parameter);
    }
    return read;
  };

  const readOwn = (given: Record<string, unknown>): Record<string, unknown> => {
    if (!isLiteral(given)) return readEvery(given);
    const read = { ...blank };
    for (const name in given) {
      const entry = byName.get(name);
      if (entry === undefined) {
        refuseUnless(isInherited(given, name), name, entries);
        continue;
      }
      const value = given[name];
      if (value !== undefined && (value !== null || entry.field.neverNull)) {
        read[name] = entry.field.read(value, entry.parameter);
      }
    }
    for (const name of required) if (read[name] === undefined) return readEvery(given);
    return read;
  };

  return (given) => {
    requireObject(given);
    return readOwn(given as Record<string, unknown>) as Read;
  };
}

function isLiteral(given: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(given);
  return prototype === Object.prototype || prototype === null;
}

/** Refuses the first name in a request that is not one of its fields. @throws KmsError `InvalidParameter` */
export function refuseUnknown(given: object, entries: readonly Entry[]): void {
  for (const name in given) {
    if (!entries.some((entry) => entry.name === name)) refuseUnless(isInherited(given, name), name, entries);
  }
}

/** Whether a name comes from the root of the prototype chain: not from the caller. */
function isInherited(given: object, name: string): boolean {
  return !Object.hasOwn(given, name) && name in Object.prototype;
}

function refuseUnless(excused: boolean, name: string, entries: readonly Entry[]): void {
  if (excused) return;
  throw unknownField(
    name,
    entries.map((entry) => entry.name),
  );
}

const MAX_SHOWN = 64;

/** Refuses a name that is not in `known`: a misspelt field would silently be ignored. */
export function unknownField(name: string, known: readonly string[]): KmsError {
  const shown = name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name;
  const nearest = nearestName(name, known);
  const fieldsThereAre = known.length === 0 ? "there are none" : `there are ${known.join(", ")}`;
  const remedy = nearest === undefined ? `${fieldsThereAre}.` : `did you mean "${nearest}"?`;
  return invalidParameter(shown, `There is no such field: ${remedy}`);
}
