/**
 * Whether `text` matches `pattern`, in which `*` stands for any characters and `?` for one. It takes time in proportion to the product
 * of the lengths at most: no pattern makes it hang, as a regular expression could.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  if (pattern === "*") return true;
  let at = 0;
  let from = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    const wanted = pattern[from];
    if (wanted === "*") {
      star = from++;
      resume = at;
    } else if (wanted === "?" || (wanted !== undefined && wanted === text[at])) {
      from++;
      at++;
    } else if (star >= 0) {
      from = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[from] === "*") from++;
  return from === pattern.length;
}
