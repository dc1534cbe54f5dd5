/**
 * Compares two texts, one of which is secret, in a time that depends only on their lengths: no branch and no address depends on their
 * characters.
 */
export function equalTexts(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let at = 0; at < left.length; at++) difference |= left.charCodeAt(at) ^ right.charCodeAt(at);
  return difference === 0;
}
