// What may be said of something that was thrown, whoever threw it: another realm's errors fail `instanceof Error`, drivers throw
// strings and undefined, and a getter may throw again.

/**
 * The code of an error, whichever copy of the package or realm made it: two copies in one program have two classes, and the same codes.
 */
export function codeOf(error: unknown): string | undefined {
  try {
    if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
    return typeof error.code === "string" ? error.code : undefined;
  } catch {
    return undefined;
  }
}

/** What an error says of itself. Anything can be thrown, and `String` throws on some of it. */
export function messageOf(error: unknown): string {
  try {
    if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
    return String(error);
  } catch {
    return "an error without a message";
  }
}
