import { LanelockError } from "../../errors.ts";
import { isAbortSignal } from "../../shared/abortable.ts";
import { checkNames } from "../../shared/known-names.ts";

/** Options every operation takes. */
export interface CallOptions {
  /** Ends a call that waits (for a token, an external key manager, a server): it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const OPTION_NAMES = ["signal"];

/** @throws LanelockError `ERR_ARGUMENT` */
export function signalOf(options: CallOptions): AbortSignal | undefined {
  if (typeof options === "object" && options !== null) {
    const signal = readSignal(options);
    if (signal === undefined || isAbortSignal(signal)) return signal;
  }
  throw new LanelockError("ERR_ARGUMENT", "The options of a call must be { signal }, an AbortSignal.");
}

function readSignal(options: CallOptions): unknown {
  try {
    checkNames(options, OPTION_NAMES, "A call");
    return options.signal;
  } catch (cause) {
    if (cause instanceof LanelockError) throw cause;
    throw new LanelockError("ERR_ARGUMENT", "The option signal cannot be read.", { cause });
  }
}
