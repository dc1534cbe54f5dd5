export { percentEncode } from "../../shared/percent-encoding.ts";

/**
 * Decodes one name or value of a query string or form body, where `+` is a space.
 *
 * @returns `undefined` for an escape that is malformed, or bytes that are not UTF-8
 */
export function percentDecode(text: string): string | undefined {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}
