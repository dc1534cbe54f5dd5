import { invalidParameter } from "../ports/errors.ts";

/**
 * Reads a parameter that is JSON. An object that has a name twice is refused: `JSON.parse` takes the last, another reader the first,
 * and both must mean the same encryption context.
 *
 * @throws KmsError `InvalidParameter`
 */
export function parseJson(text: string, parameter: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidParameter(parameter, "It must be JSON.");
  }
  if (hasNameTwice(text)) throw invalidParameter(parameter, "An object in it has a name twice.");
  return value;
}

/** Strings and structural characters. In valid JSON nothing else matters here. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

function hasNameTwice(json: string): boolean {
  /** The names of every open object; `undefined` for an array. */
  const open: (Set<string> | undefined)[] = [];
  let last = "";
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const names = open.at(-1);
      // Names are compared as they read: `"\u0061"` is `"a"`.
      const name: unknown = JSON.parse(last);
      if (typeof name !== "string" || names === undefined) continue;
      if (names.has(name)) return true;
      names.add(name);
    }
    last = token;
  }
  return false;
}
