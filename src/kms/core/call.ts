import type { PendingEvent } from "../audit/event.ts";
import type { StateRule } from "../policy/state-table.ts";
import type { TrustedWriter } from "../rows/trusted-writer.ts";
import type { KmsContext } from "./kms-context.ts";

/** One operation while it runs. */
export interface Call {
  readonly core: KmsContext;
  /** Its name in the service, and the key states that refuse it. */
  readonly operation: StateRule;
  /** Filled in as the call finds its key, version and context. */
  readonly event: PendingEvent;
  readonly signal: AbortSignal | undefined;
  /** Set once the event has been written with the change it describes. */
  recorded: boolean;
}

/** Makes the changes of a life-cycle operation and its audit event durable, together. */
export async function change<T>(call: Call, work: (rows: TrustedWriter) => Promise<T>): Promise<T> {
  const result = await call.core.change(call.event, work);
  call.recorded = true;
  return result;
}
