// Calls of the engine. Each leaves no secrets behind. An exhausted stack, a time-out of `vm` or a lack of memory can end a call
// anywhere, in JavaScript or in WebAssembly, and then not even `finally` runs. So each call records its beginning and its normal
// end, and the next one wipes what an interrupted call has left.
import { LanelockError } from "../errors.ts";
import { type Engine, engine, renewViews } from "./load.ts";
import { settleSlots } from "./slots.ts";

/**
 * Begins a call: from here on the engine may hold secrets. A call that has wiped them ends with `host.busy = false`. That is a
 * plain assignment because a function call can fail when the stack is exhausted.
 */
export function enter(): Engine {
  const host = engine();
  if (host.busy) recover(host);
  host.busy = true;
  return host;
}

/**
 * Wipes all scratch, and every slot that was being set up or changed. The engine is busy until that is done: if this is interrupted
 * too, the next call does it again.
 */
export function recover(host: Engine): void {
  host.busy = true;
  if (host.bytes.buffer !== host.exports.memory.buffer) renewViews(host);
  host.exports.wipeScratch();
  settleSlots(host);
  host.busy = false;
}

/** Only the message distinguishes an exhausted stack from a lack of memory: in V8 both are a RangeError. */
function isStackExhausted(error: RangeError): boolean {
  return /call stack|recursion/i.test(error.message);
}

/** The error that a caller gets for an error of the host. */
export function hostFailure(error: unknown): unknown {
  // The host's own errors are of the realm this code runs in.
  if (!(error instanceof RangeError) || isStackExhausted(error)) return error;
  return new LanelockError(
    "ERR_LIMIT",
    "The host has no memory for the result: pass the data in parts, or free memory",
    {
      cause: error,
    },
  );
}

/** Ends a failed call: wipes now what the next call would wipe otherwise. Returns the error to throw. */
export function failed(host: Engine, error: unknown): unknown {
  recover(host);
  return hostFailure(error);
}

/** One call of the engine. `work` wipes what it writes if it returns; if it throws, everything is wiped. */
export function inCall<T>(work: (host: Engine) => T): T {
  const host = enter();
  try {
    const result = work(host);
    host.busy = false;
    return result;
  } catch (error) {
    throw failed(host, error);
  }
}

/**
 * Memory for a result of `length` bytes, zeroed.
 *
 * @throws LanelockError `ERR_LIMIT` if the host has none, or no arrays of that length
 */
export function allocate(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (error) {
    throw hostFailure(error);
  }
}
