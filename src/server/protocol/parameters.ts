import { percentDecode } from "./percent-encoding.ts";
import { ServiceError } from "./service-error.ts";

/** Decoded parameters of a request by name. Each name occurs once. */
export type Parameters = ReadonlyMap<string, string>;

/** The operations take some twenty fields; a dotted encryption context of 8 KiB has some thousand entries at most. */
const MAX_PARAMETERS = 4_096;

/**
 * Reads a query string or an `application/x-www-form-urlencoded` body into `parameters`.
 *
 * @returns whether the names, but for `Signature`, stand in the order in which they are signed
 * @throws ServiceError `ParseRequestParameterException` for a malformed escape, bytes that are not UTF-8, a name that occurs twice or
 * is empty, or more than 4,096 parameters
 */
export function readParameters(encoded: string, parameters: Map<string, string>): boolean {
  let isInOrder = true;
  let last = "";
  let equals = -1;
  for (let from = 0; from < encoded.length; ) {
    const end = next(encoded, "&", from);
    // Not for each name again: a long query without any would take the square of its length.
    if (equals < from) equals = next(encoded, "=", from);
    const middle = Math.min(equals, end);
    if (end > from) {
      const name = percentDecode(encoded.slice(from, middle));
      const value = percentDecode(encoded.slice(middle + 1, end));
      if (name === undefined || value === undefined)
        throw unreadable("A parameter is not valid percent-encoded UTF-8.");
      if (name === "") throw unreadable("A parameter has no name.");
      if (parameters.has(name)) throw unreadable(`The parameter "${shown(name)}" is given twice.`);
      if (parameters.size >= MAX_PARAMETERS) throw unreadable(`A request may have ${MAX_PARAMETERS} parameters.`);
      parameters.set(name, value);
      if (name !== "Signature") {
        isInOrder &&= last < name;
        last = name;
      }
    }
    from = end + 1;
  }
  return isInOrder;
}

/** Where the character is next; the length of the text if nowhere. */
function next(text: string, character: string, from: number): number {
  const at = text.indexOf(character, from);
  return at < 0 ? text.length : at;
}

/** In the order of the decoded names as UTF-16, which is how the official SDKs sort before they encode. */
export function namesInOrder(parameters: Parameters): readonly string[] {
  return [...parameters.keys()].sort();
}

function unreadable(message: string): ServiceError {
  return new ServiceError("ParseRequestParameterException", message);
}

/** A name out of a request, short and printable, for a message. */
export function shown(text: string): string {
  return text.slice(0, 64).replace(/[^\x20-\x7e]/g, "?");
}
