import type { MaybePromise } from "../../../kms/ports/index.ts";
import { withDeadline } from "../../../shared/deadline.ts";
import { nextTurn } from "../../../shared/pause.ts";
import { performance } from "../../../shared/timers.ts";
import type { Handle, Mechanism } from "../session/cryptoki.ts";
import { maxAttempts, type Session } from "../session/token.ts";
import { callingAsync, TokenError, tokenError } from "../session/token-error.ts";
import type { TokenObject } from "./token-object.ts";

const calls = {
  encrypt: { begin: "C_EncryptInit", end: "C_Encrypt", endLater: "C_EncryptAsync" },
  decrypt: { begin: "C_DecryptInit", end: "C_Decrypt", endLater: "C_DecryptAsync" },
  sign: { begin: "C_SignInit", end: "C_Sign", endLater: "C_SignAsync" },
} as const;

/** One operation with a key: a begin call and an end call, in one session. */
export interface Operation {
  readonly kind: keyof typeof calls;
  readonly mechanism: Mechanism;
  readonly data: Uint8Array;
  /** Bytes for the result. Some tokens want more than they return (SoftHSM, GCM decryption: as many as the ciphertext has). */
  readonly room: number;
  /** Whether this may be called synchronously. Not for operations that take a token milliseconds. */
  readonly quick: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Empty data that is no null pointer: SoftHSM answers CKR_ARGUMENTS_BAD to one, and its session stays unusable. */
const nothing = Buffer.alloc(1).subarray(0, 0);

/**
 * Runs an operation with a key object: synchronously if the token is quick, otherwise in the thread pool. What is lost before the
 * end call is restored, and the begin call is repeated. A failure of the end call is the caller's.
 *
 * @returns the token's output, in its own memory of `room` bytes
 * @throws TokenError with `call` = the end call's name when the operation itself failed
 */
export function operate(key: TokenObject, operation: Operation): MaybePromise<Buffer> {
  const pace = operation.quick ? key.token.pace.quick : undefined;
  if (pace === undefined) return operateLater(key, operation);
  return pace === "now" ? operateOrLater(key, operation) : operateNextTurn(key, operation);
}

function operateOrLater(key: TokenObject, operation: Operation): MaybePromise<Buffer> {
  return operateNow(key, operation) ?? operateLater(key, operation);
}

async function operateNextTurn(key: TokenObject, operation: Operation): Promise<Buffer> {
  while (key.token.pace.quick === "next turn") await nextTurn();
  operation.signal?.throwIfAborted();
  return operateOrLater(key, operation);
}

/** Runs it synchronously. @returns undefined if that is not possible; nothing has begun then */
function operateNow(key: TokenObject, operation: Operation): Buffer | undefined {
  const { token } = key;
  const session = token.tryTake();
  if (session === undefined) return undefined;
  const { begin, end } = calls[operation.kind];
  const began = performance.now();
  let call: string = begin;
  try {
    const handle = key.handleIn(session);
    if (handle === undefined) {
      token.give(session);
      return undefined;
    }
    token.api[begin](session.handle, operation.mechanism, handle);
    call = end;
    const output = token.api[end](session.handle, bytesOf(operation.data), Buffer.alloc(operation.room));
    token.give(session);
    token.pace.calledSynchronously(began);
    return output;
  } catch (thrown) {
    const error = tokenError(thrown, call);
    if (call === end) token.discard(session, error);
    if (call === end || !token.recover(error, session)) throw error;
    key.forget();
    return undefined;
  }
}

async function operateLater(key: TokenObject, operation: Operation): Promise<Buffer> {
  const { token } = key;
  const { signal } = operation;
  for (let attempt = 1; ; attempt += 1) {
    await key.locate(signal);
    const session = await token.take({ timeoutMs: token.timeoutMs, signal });
    const began = performance.now();
    if (begin(key, operation, { session, last: attempt === maxAttempts })) {
      const output = await end(key, operation, session);
      if (operation.quick) token.pace.calledInThreadPool(began);
      return output;
    }
    key.forget();
  }
}

/** Runs synchronous, repeatable calls that take a key's handle, in one session. After a loss that was restored they run again. */
export async function withKey<T>(
  key: TokenObject,
  signal: AbortSignal | undefined,
  work: (session: Session, handle: Handle) => T,
): Promise<T> {
  const { token } = key;
  for (let attempt = 1; ; attempt += 1) {
    await key.locate(signal);
    const session = await token.take({ timeoutMs: token.timeoutMs, signal });
    try {
      const handle = key.handleIn(session);
      if (handle === undefined) throw new TokenError("CKR_OBJECT_HANDLE_INVALID", "the handle kept");
      const result = work(session, handle);
      token.give(session);
      return result;
    } catch (error) {
      const last = attempt === maxAttempts;
      if (last) token.discard(session, error);
      if (last || !token.recover(error, session)) throw error;
      key.forget();
    }
  }
}

/** Makes the begin call. @returns false if it must be repeated, in another session and after another search for the handle */
function begin(key: TokenObject, operation: Operation, place: { session: Session; last: boolean }): boolean {
  const { token } = key;
  const { session, last } = place;
  const { begin: call } = calls[operation.kind];
  try {
    const handle = key.handleIn(session);
    if (handle === undefined && !last) {
      token.give(session);
      return false;
    }
    if (handle === undefined) throw new TokenError("CKR_OBJECT_HANDLE_INVALID", call);
    token.api[call](session.handle, operation.mechanism, handle);
    return true;
  } catch (thrown) {
    const error = tokenError(thrown, call);
    if (last) token.discard(session, error);
    if (last || !token.recover(error, session)) throw error;
    return false;
  }
}

/** Makes the end call in the thread pool. The session comes back when the call has ended, even if its caller has given up. */
async function end(key: TokenObject, operation: Operation, session: Session): Promise<Buffer> {
  const { token } = key;
  const { end: name, endLater } = calls[operation.kind];
  // A copy, since the caller may change its bytes meanwhile. pkcs11js keeps no reference to the buffers; this function does.
  const input = Buffer.from(bytesOf(operation.data));
  const output = Buffer.alloc(operation.room);
  const call = callingAsync(name, () =>
    token.api[endLater](session.handle, input.length > 0 ? input : nothing, output),
  );
  const settled = token.module.running(call).then(
    (result) => {
      token.give(session);
      return result;
    },
    (error: unknown) => {
      token.discard(session, error);
      throw error;
    },
  );
  const wiped = settled.finally(() => input.fill(0));
  return withDeadline({ signal: operation.signal, timeoutMs: token.timeoutMs, what: `${name} did not return` }, wiped);
}

function bytesOf(data: Uint8Array): Buffer {
  return data.length > 0 ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : nothing;
}
