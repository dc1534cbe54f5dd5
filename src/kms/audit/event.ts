import { toHex } from "../../shared/encoding.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import type { ContextBinding } from "../wire/context.ts";

/** What the audit log says of one operation. Never a secret, a plaintext or the text of an encryption context. */
export interface AuditEvent {
  /** By the KMS's clock. */
  readonly time: Date;
  /** Who asked: the name given to `kms.as(…)`, or `system` for what time brought about. */
  readonly caller: string;
  /** The service's name of the operation: `Encrypt`. */
  readonly operation: string;
  readonly keyId?: string | undefined;
  readonly keyVersionId?: string | undefined;
  /** HMAC of the encryption context, 32 hex digits: equal contexts can be told, and none guessed without the root key. */
  readonly contextDigest?: string | undefined;
  /** `OK`, or the code of the error. */
  readonly outcome: string;
  /** What else there is to say, where there is: of a log that was repaired, of events that were lost. */
  readonly note?: string | undefined;
}

/** An event while its operation runs: cheap to make and to fill in, and turned into an {@link AuditEvent} in batches. */
export interface PendingEvent {
  readonly at: number;
  readonly caller: string;
  readonly operation: string;
  keyId: string | undefined;
  keyVersionId: string | undefined;
  context: ContextBinding | undefined;
  outcome: string;
  note: string | undefined;
}

export function pendingEvent(at: number, caller: string, operation: string): PendingEvent {
  return {
    at,
    caller,
    operation,
    keyId: undefined,
    keyVersionId: undefined,
    context: undefined,
    outcome: "OK",
    note: undefined,
  };
}

/** 16 bytes: collisions would have to be sought with the root key in hand. */
const DIGEST_LENGTH = 16;

export function contextDigest(keys: StoreKeys, context: ContextBinding): string {
  context.digest ??= toHex(keys.keyedDigest("context-digest", context.aad).subarray(0, DIGEST_LENGTH));
  return context.digest;
}

export function finishedEvent(keys: StoreKeys, pending: PendingEvent): AuditEvent {
  const { at, caller, operation, keyId, keyVersionId, context, outcome, note } = pending;
  return {
    time: new Date(at),
    caller,
    operation,
    ...(keyId !== undefined && { keyId }),
    ...(keyVersionId !== undefined && { keyVersionId }),
    ...(context !== undefined && { contextDigest: contextDigest(keys, context) }),
    outcome,
    ...(note !== undefined && { note }),
  };
}
