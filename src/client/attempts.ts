import { LanelockError } from "../errors.ts";
import { abortReason, throwIfAborted } from "../shared/abortable.ts";
import { clearTimeout, setTimeout } from "../shared/timers.ts";

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/** What became of one attempt: a result, or a failure after which another may succeed. Other failures are thrown. */
export type Outcome<T> = { readonly result: T } | { readonly temporary: LanelockError };

interface Attempts {
  readonly operation: string;
  /** How often it may be done again. */
  readonly retries: number;
  /** Of one attempt, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Does `attempt` until it has a result, at most `retries` times more, with waits that double at most and are random: clients that failed
 * together must not come back together.
 *
 * @throws the last temporary failure, any other failure at once, and the signal's reason
 */
export async function untilDone<T>(
  attempts: Attempts,
  attempt: (signal: AbortSignal) => Promise<Outcome<T>>,
): Promise<T> {
  const { retries, signal } = attempts;
  for (let failures = 0; ; failures++) {
    throwIfAborted(signal);
    const outcome = await withinTime(attempts, attempt);
    if ("result" in outcome) return outcome.result;
    if (failures >= retries) throw outcome.temporary;
    await wait(Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures), signal);
  }
}

/**
 * The signal of the attempt is aborted by the caller's, and when its time is over. Then nothing it does counts any more, whether or not
 * it heeds the signal.
 */
function withinTime<T>(
  { operation, timeoutMs, signal }: Attempts,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const own = new AbortController();
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    const abandon = (reason: unknown) => {
      settle();
      reject(reason);
      own.abort(reason);
    };
    const abort = () => abandon(signal && abortReason(signal));
    const timer = setTimeout(() => {
      const late = `The KMS gave no answer to ${operation} within ${timeoutMs / 1_000} s.`;
      abandon(new LanelockError("ERR_PROVIDER", late));
    }, timeoutMs);
    signal?.addEventListener("abort", abort, { once: true });
    work(own.signal).then(
      (result) => {
        settle();
        resolve(result);
      },
      (error) => {
        settle();
        reject(error);
      },
    );
  });
}

function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal && abortReason(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}
