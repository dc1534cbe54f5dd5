import type { MaybePromise } from "./ports/index.ts";

/** What becomes of a result: at once if it is there, else when it comes. */
export function after<T, U>(result: MaybePromise<T>, next: (value: T) => U): MaybePromise<U> {
  return result instanceof Promise ? result.then(next) : next(result);
}
