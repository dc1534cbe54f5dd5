/** The message of anything that was thrown, by whichever realm or copy of a package, for use in a message of ours. */
export function messageOf(thrown: unknown): string {
  try {
    if (typeof thrown === "object" && thrown !== null && "message" in thrown && typeof thrown.message === "string") {
      return thrown.message;
    }
    return String(thrown);
  } catch {
    return "it threw something that cannot be read";
  }
}
