/** What a byte that does not continue a sequence lacks reads as zero, as a byte behind the end does. */
function continued(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) & 0x3f;
}

/**
 * The text of UTF-8, as `sm-crypto` reads it: a byte that begins no sequence is the character of that number, a byte order mark stays,
 * and nothing is refused. Beyond the last code point stands U+FFFD.
 */
export function lenientText(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 1) {
    const lead = bytes[i] ?? 0;
    const following = lead >= 0xf8 || lead < 0xc0 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    let point = following === 0 ? lead : lead & (0x3f >> following);
    for (let n = 1; n <= following; n += 1) point = point * 64 + continued(bytes, i + n);
    parts.push(String.fromCodePoint(point > 0x10ffff ? 0xfffd : point));
    i += following;
  }
  return parts.join("");
}
