import type { MaybePromise } from "../kms/ports/index.ts";

/** Goes on at once where nothing has to be waited for: a small message under a cached data key takes microseconds. */
export function whenReady<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
