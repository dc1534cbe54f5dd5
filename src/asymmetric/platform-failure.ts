import { LanelockError } from "../errors.ts";
import { isPromise, type MaybePromise } from "../shared/maybe-promise.ts";
import { codeOf, messageOf } from "../shared/thrown.ts";
import { unsupported } from "./runtime.ts";

/**
 * `ERR_UNSUPPORTED` or `ERR_PROVIDER` for what node:crypto, WebCrypto or a host threw, with it as the cause; an error of this
 * package passes.
 */
export function platformError(thrown: unknown): LanelockError {
  // Whatever this module's callers throw themselves is of this copy of the package.
  if (thrown instanceof LanelockError) return thrown;
  const reason = messageOf(thrown);
  if (nameOf(thrown) === "NotSupportedError" || /not (yet )?(supported|implemented)|unsupported/i.test(reason)) {
    return unsupported(`The cryptography of this platform cannot do this: ${reason}`, { cause: thrown });
  }
  const message = `The cryptography of this platform failed: ${reason}. Try again; if it fails again, the host is at fault.`;
  return new LanelockError("ERR_PROVIDER", message, { cause: thrown });
}

/** Runs `work` and gives its failure, at once or later, as a {@link platformError}. */
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

/** Whether OpenSSL, Node or WebCrypto says by its error that it does not take the key, as opposed to failing. */
export function blamesKey(thrown: unknown): boolean {
  const code = codeOf(thrown) ?? "";
  const isNodes = code.startsWith("ERR_OSSL_") || code.startsWith("ERR_CRYPTO_");
  return isNodes || code === "ERR_KEY" || ["DataError", "OperationError"].includes(nameOf(thrown));
}

/** Whether OpenSSL or WebCrypto says by its error that the ciphertext does not decrypt. */
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
