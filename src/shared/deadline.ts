import { LanelockError } from "../errors.ts";
import { clearTimeout, setTimeout } from "./timers.ts";

export interface Deadline {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** What did not happen in time, for the error: `C_GenerateKeyPair did not return`. */
  readonly what: string;
}

/**
 * Waits for `work` until the deadline. Late work continues; its result is dropped.
 *
 * @throws the signal's reason, or LanelockError `ERR_PROVIDER` after the time
 */
export function withDeadline<T>(deadline: Deadline, work: Promise<T>): Promise<T> {
  const { signal, timeoutMs, what } = deadline;
  return new Promise<T>((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    const abort = () => {
      end();
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      end();
      reject(new LanelockError("ERR_PROVIDER", `${what} within ${timeoutMs / 1000} s.`));
    }, timeoutMs);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
    work.finally(end).then(resolve, reject);
  });
}
