const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;
const ESCAPED = /[!'()*]/g;

/** Percent-encodes all but the unreserved characters of RFC 3986 §2.3, as every signature of Alibaba Cloud's protocol requires. */
export function percentEncode(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text).replace(
    ESCAPED,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
