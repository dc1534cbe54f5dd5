// Reads values that were thrown. Errors of another realm fail `instanceof Error`, drivers throw strings and undefined, and a
// getter may throw again.

/**
 * The code of an error of any realm and any copy of the package: two copies in one program have two classes, but the same codes.
 */
export function codeOf(error: unknown): string | undefined {
  try {
    if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
    return typeof error.code === "string" ? error.code : undefined;
  } catch {
    return undefined;
  }
}

/** The message of an error. Anything can be thrown, and `String` throws on some values. */
export function messageOf(error: unknown): string {
  try {
    if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
    return String(error);
  } catch {
    return "an error without a message";
  }
}
