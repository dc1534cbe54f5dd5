import { MAX_CONTEXT_CHARACTERS } from "../policy/limits.ts";
import { invalidParameter } from "../ports/errors.ts";
import { bindContext, type ContextBinding, copyOfContext, type EncryptionContext } from "../wire/context.ts";
import { expected, type Field, type Notes } from "./field.ts";
import { parseJson } from "./json-text.ts";

/**
 * An encryption context. Over HTTP it is a JSON object of strings, or comes in parts: `EncryptionContext.tenant=42`. An operation
 * reads what it becomes: the additional data of the ciphertext, or `undefined` for an empty one.
 */
export function context(notes: Notes = {}): Field<EncryptionContext, ContextBinding | undefined, true> {
  return {
    ...notes,
    required: true,
    type: "map of strings",
    limits: `at most ${MAX_CONTEXT_CHARACTERS.toLocaleString("en")} characters as JSON`,
    read: bindContext,
    fromText: (text, parameter) => checked(parseJson(text, parameter), parameter),
    fromParts: (parts, parameter) => checked(Object.fromEntries(parts), parameter),
    toText: (value, parameter) => JSON.stringify(checked(value, parameter)),
    toJson: (value) => ({ ...value }),
    fromJson() {
      throw expected("no encryption context, which no response has");
    },
  };
}

function checked(value: unknown, parameter: string): EncryptionContext {
  const copy = copyOfContext(value, parameter);
  if (copy === undefined) throw invalidParameter(parameter, "It must be an object of strings.");
  return copy;
}
