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

/** One operation of a key on some bytes: a begin and an end call, in one session. */
export interface Operation {
  readonly kind: keyof typeof calls;
  readonly mechanism: Mechanism;
  readonly data: Uint8Array;
  /** Bytes the result may take. Some tokens want more than they return (SoftHSM: GCM decryption, all of the ciphertext's). */
  readonly room: number;
  /** Whether this may ever be called synchronously; not what takes a token milliseconds. */
  readonly quick: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Empty data must not be a null pointer: SoftHSM answers CKR_ARGUMENTS_BAD to that, and its session stays stuck. */
const nothing = Buffer.alloc(1).subarray(0, 0);

/**
 * Runs an operation with a key object: at once where the token is quick, else in the thread pool. What is lost before the
 * end call is made anew and tried again; once the end call is made, its failure is the caller's to hear.
 *
 * @returns the token's output, in memory of its own that is `room` bytes long
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

/** Synchronously; undefined when that is not possible, with nothing begun. */
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

/**
 * Runs calls that take a key's handle and can be made twice, at once and in one session; what is lost is made anew and they
 * are tried again.
 */
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

/** Makes the begin call; false when it has to be tried again, in another session and with the handle found anew. */
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

/** Makes the end call in the thread pool. The session comes back when the call has ended, even if nobody waits for it then. */
async function end(key: TokenObject, operation: Operation, session: Session): Promise<Buffer> {
  const { token } = key;
  const { end: name, endLater } = calls[operation.kind];
  // A copy: the caller may change its bytes meanwhile, and pkcs11js holds neither buffer. Both are held until the call ends.
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
