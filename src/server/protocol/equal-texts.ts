import { timingSafeEqual } from "node:crypto";

/** Compares two texts, one of which is secret, in a time that depends only on their lengths. */
export function equalTexts(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left, "utf8"), Buffer.from(right, "utf8")];
  return a.length === b.length && timingSafeEqual(a, b);
}
