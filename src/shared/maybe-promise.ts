/** A result that may be there already: what needs no wait is answered in the same turn, which for small work is most of its time. */
export type MaybePromise<T> = T | Promise<T>;

/** Calls `next` at once when the value is there, and otherwise when it settles. */
export function whenReady<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
