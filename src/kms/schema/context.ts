import { MAX_CONTEXT_CHARACTERS } from "../policy/limits.ts";
import { invalidParameter } from "../ports/errors.ts";
import { bindContext, type ContextBinding, copyOfContext, type EncryptionContext } from "../wire/context.ts";
import { expected, type Field, type Notes } from "./field.ts";
import { groupedDigits } from "./grouped-digits.ts";
import { parseJson } from "./json-text.ts";

/**
 * An encryption context. Over HTTP it is a JSON object of strings, or comes in parts: `EncryptionContext.tenant=42`, or
 * `EncryptionContext.1.Key=tenant&EncryptionContext.1.Value=42`. An operation
 * reads what it becomes: the additional data of the ciphertext, or `undefined` for an empty one.
 */
export function context(notes: Notes = {}): Field<EncryptionContext, ContextBinding | undefined, true> {
  return {
    ...notes,
    required: true,
    type: "map of strings",
    limits: `at most ${groupedDigits(MAX_CONTEXT_CHARACTERS)} characters as JSON`,
    read: bindContext,
    fromText: (text, parameter) => checked(parseJson(text, parameter), parameter),
    fromParts: (parts, parameter) => checked(Object.fromEntries(numberedPairs(parts, parameter) ?? parts), parameter),
    toText: (value, parameter) => JSON.stringify(checked(value, parameter)),
    toJson: (value) => ({ ...value }),
    fromJson() {
      throw expected("no encryption context, which no response has");
    },
  };
}

const NUMBERED = /^([1-9]\d{0,3})\.(Key|Value)$/;

/**
 * The entries of `EncryptionContext.1.Key=tenant&EncryptionContext.1.Value=42`, which is how Go's client writes a map, in no order that
 * lasts. `undefined` where the names are anything but complete pairs from 1: they are the context's own then.
 */
function numberedPairs(parts: ReadonlyMap<string, string>, parameter: string): [string, string][] | undefined {
  if (![...parts.keys()].every((name) => NUMBERED.test(name))) return undefined;
  const pairs: [string, string][] = [];
  for (let number = 1; number <= parts.size / 2; number++) {
    const [key, value] = [parts.get(`${number}.Key`), parts.get(`${number}.Value`)];
    if (key === undefined || value === undefined) return undefined;
    pairs.push([key, value]);
  }
  if (pairs.length * 2 !== parts.size) return undefined;
  if (new Set(pairs.map(([key]) => key)).size === pairs.length) return pairs;
  throw invalidParameter(parameter, "It has a key twice.");
}

function checked(value: unknown, parameter: string): EncryptionContext {
  const copy = copyOfContext(value, parameter);
  if (copy === undefined) throw invalidParameter(parameter, "It must be an object of strings.");
  return copy;
}
