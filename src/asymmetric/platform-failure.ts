import { LanelockError } from "../errors.ts";
import { isPromise, type MaybePromise } from "../shared/maybe-promise.ts";
import { codeOf, messageOf } from "../shared/thrown.ts";
import { unsupported } from "./runtime.ts";

/**
 * Wraps an error of node:crypto, WebCrypto or a host in `ERR_UNSUPPORTED` or `ERR_PROVIDER`, with the error as its cause. Errors of
 * this package pass unchanged.
 */
export function platformError(thrown: unknown): LanelockError {
  // The callers of this module throw only errors of this copy of the package.
  if (thrown instanceof LanelockError) return thrown;
  const reason = messageOf(thrown);
  if (nameOf(thrown) === "NotSupportedError" || /not (yet )?(supported|implemented)|unsupported/i.test(reason)) {
    return unsupported(`The cryptography of this platform cannot do this: ${reason}`, { cause: thrown });
  }
  const message = `The cryptography of this platform failed: ${reason}. Try again; if it fails again, the host is at fault.`;
  return new LanelockError("ERR_PROVIDER", message, { cause: thrown });
}

/** Runs `work`. Its failure, synchronous or not, becomes a {@link platformError}. */
export function onPlatform<T>(work: () => MaybePromise<T>): MaybePromise<T> {
  try {
    const result = work();
    return isPromise(result) ? result.catch(fail) : result;
  } catch (thrown) {
    return fail(thrown);
  }
}

function fail(thrown: unknown): never {
  throw platformError(thrown);
}

/** Whether an error of OpenSSL, Node or WebCrypto blames the key, as opposed to a failure. */
export function blamesKey(thrown: unknown): boolean {
  const code = codeOf(thrown) ?? "";
  const isNodes = code.startsWith("ERR_OSSL_") || code.startsWith("ERR_CRYPTO_");
  return isNodes || code === "ERR_KEY" || ["DataError", "OperationError"].includes(nameOf(thrown));
}

/** Whether an error of OpenSSL or WebCrypto blames the ciphertext. */
export function blamesCiphertext(thrown: unknown): boolean {
  return (codeOf(thrown) ?? "").startsWith("ERR_OSSL_") || nameOf(thrown) === "OperationError";
}

/** The name of an error; a DOMException of any realm has one. */
function nameOf(thrown: unknown): string {
  try {
    const isObject = typeof thrown === "object" && thrown !== null;
    return isObject && "name" in thrown ? String(thrown.name) : "";
  } catch {
    return "";
  }
}
