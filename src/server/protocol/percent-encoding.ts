const ESCAPED = /[!'()*]/g;

/** Percent-encodes all but the unreserved characters of RFC 3986 §2.3, as every signature of the protocol requires. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    ESCAPED,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

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
