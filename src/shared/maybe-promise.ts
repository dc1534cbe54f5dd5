/** A result that may be available now. For small tasks, waiting for the next turn would take most of the time. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Whether a result is still pending. Recognizes promises of other realms (an iframe, a `vm` context, jest's environment), which
 * `instanceof` alone would take for the result itself.
 */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  if (value instanceof Promise) return true;
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Calls `next` at once if the value is available, otherwise when it settles. */
export function whenReady<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isPromise(value) ? value.then(next) : next(value);
}
