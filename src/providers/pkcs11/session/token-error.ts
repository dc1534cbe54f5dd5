import { LanelockError } from "../../../errors.ts";
import { messageOf } from "../../../shared/thrown.ts";
import { adviceFor } from "./advice.ts";

/** Codes of PKCS#11 v2.40 and v3.0 that pkcs11js 2.1 does not know and reports as CKR_VENDOR_DEFINED. */
const missingNames: Readonly<Record<number, string>> = {
  27: "CKR_ACTION_PROHIBITED",
  66: "CKR_AEAD_DECRYPT_FAILED",
  320: "CKR_CURVE_NOT_SUPPORTED",
  513: "CKR_TOKEN_RESOURCE_EXCEEDED",
  514: "CKR_OPERATION_CANCEL_FAILED",
  515: "CKR_KEY_EXHAUSTED",
};

/**
 * A PKCS#11 call that did not return CKR_OK: the `cause` of an `ERR_PROVIDER`.
 *
 * @example
 * try {
 *   await kms.encrypt({ keyId, plaintext });
 * } catch (error) {
 *   if (!(error instanceof LanelockError && error.cause instanceof TokenError)) throw error;
 *   console.error(error.cause.ckr, error.cause.call); // CKR_DEVICE_REMOVED C_Encrypt
 * }
 */
export class TokenError extends Error {
  override readonly name = "TokenError";
  /** `CKR_DEVICE_REMOVED`, or `CKR_VENDOR_DEFINED (0x80000001)` for a code that is the vendor's own. */
  readonly ckr: string;
  /** The function of PKCS#11 that failed: `C_Encrypt`. */
  readonly call: string;

  constructor(ckr: string, call: string, options?: ErrorOptions) {
    super(`${call} failed with ${ckr}`, options);
    this.ckr = ckr;
    this.call = call;
  }
}

/**
 * Turns an error of pkcs11js into a {@link TokenError}; anything else (a TypeError, a full thread pool) passes unchanged. The message
 * decides: in jest, pkcs11js throws errors of another realm.
 */
export function tokenError(thrown: unknown, call: string): unknown {
  // Made here, by this class.
  if (thrown instanceof TokenError) return thrown;
  // Wrapped errors carry the code apart; those of C_CreateObject and its like have it in the message.
  const inMessage = /^(CKR_\w+)(?::(\d+))?/.exec(messageOf(thrown));
  if (!inMessage) return thrown;
  const code = Number(inMessage[2] ?? numberOf(thrown));
  const known = inMessage[1] ?? "";
  const vendor = missingNames[code] ?? `CKR_VENDOR_DEFINED (0x${code.toString(16).padStart(8, "0")})`;
  return new TokenError(known === "CKR_VENDOR_DEFINED" ? vendor : known, call, { cause: thrown });
}

/** The number of a CKR code that pkcs11js has no name for. */
function numberOf(thrown: unknown): number {
  const isObject = typeof thrown === "object" && thrown !== null;
  return isObject && "code" in thrown && typeof thrown.code === "number" ? thrown.code : 0;
}

/** Runs one call and names it in its error. */
export function calling<T>(call: string, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw tokenError(thrown, call);
  }
}

/** The same for an asynchronous call of pkcs11js. */
export async function callingAsync<T>(call: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    throw tokenError(thrown, call);
  }
}

/**
 * Wraps an error in `ERR_PROVIDER` about the token named `token`, as its cause. Errors of this package pass unchanged, and so does
 * the caller's own reason for an abort.
 */
export function providerError(token: string, thrown: unknown, signal?: AbortSignal): unknown {
  // Everything that gets here was made by this copy of the package, or by a driver.
  if (thrown instanceof LanelockError || (signal?.aborted && thrown === signal.reason)) return thrown;
  const advice = adviceFor(thrown instanceof TokenError ? thrown.ckr : "");
  return new LanelockError("ERR_PROVIDER", `The token ${token} failed: ${messageOf(thrown)}. ${advice}`, {
    cause: thrown,
  });
}

/**
 * What must be restored after a failed call before another attempt can succeed.
 *
 * | remedy | what is lost |
 * |---|---|
 * | `handle` | this object handle: objects get new numbers at a login (SoftHSM), or the user is logged out |
 * | `login` | the login, and with it the handles |
 * | `session` | the sessions, and with them login and handles |
 * | `token` | the slot the token was in, and everything above |
 * | `module` | the initialization of the module, and everything above |
 * | `operation` | this one session: another operation is active in it |
 * | `none` | nothing, as far as the error says |
 */
export type Remedy = "handle" | "login" | "session" | "token" | "module" | "operation" | "none";

const remedies: Readonly<Record<string, Remedy>> = {
  CKR_OBJECT_HANDLE_INVALID: "handle",
  CKR_KEY_HANDLE_INVALID: "handle",
  CKR_USER_NOT_LOGGED_IN: "login",
  CKR_SESSION_HANDLE_INVALID: "session",
  CKR_SESSION_CLOSED: "session",
  CKR_DEVICE_ERROR: "token",
  CKR_DEVICE_REMOVED: "token",
  CKR_TOKEN_NOT_PRESENT: "token",
  CKR_TOKEN_NOT_RECOGNIZED: "token",
  CKR_SLOT_ID_INVALID: "token",
  CKR_CRYPTOKI_NOT_INITIALIZED: "module",
  CKR_OPERATION_ACTIVE: "operation",
};

export function remedyFor(thrown: unknown): Remedy {
  // TokenError is made here alone.
  return thrown instanceof TokenError ? (remedies[thrown.ckr] ?? "none") : "none";
}

export function failedWith(thrown: unknown, ...names: readonly string[]): boolean {
  return thrown instanceof TokenError && names.includes(thrown.ckr);
}
