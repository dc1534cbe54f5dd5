import { undecryptable } from "../../../asymmetric/runtime.ts";
import { failedWith, remedyFor, TokenError } from "../session/token-error.ts";

/** Errors of C_Decrypt that never mean a forgery. */
const troubles = ["CKR_HOST_MEMORY", "CKR_DEVICE_MEMORY", "CKR_FUNCTION_CANCELED", "CKR_BUFFER_TOO_SMALL"];

/**
 * Distinguishes a forged ciphertext from a failing token: SoftHSM answers CKR_GENERAL_ERROR to both. It is a forgery if the token
 * then decrypts a fresh ciphertext under the same key, and still refuses this one.
 *
 * @param error the failure of the decryption
 * @param probe encrypts something under the same key, decrypts it on the token and returns whether it came back
 * @param again the decryption
 * @throws LanelockError `ERR_AUTHENTICATION` for a forgery, else the token's failure
 */
export async function judgeRefusal<T>(
  error: unknown,
  { probe, again }: { probe: () => Promise<boolean>; again: () => T | Promise<T> },
): Promise<T> {
  if (!isRefusal(error) || !(await probe().catch(() => false))) throw error;
  try {
    return await again();
  } catch (second) {
    throw isRefusal(second) ? undecryptable() : second;
  }
}

function isRefusal(error: unknown): boolean {
  // TokenError is made in token-error.ts alone.
  const refused = error instanceof TokenError && error.call === "C_Decrypt" && remedyFor(error) === "none";
  return refused && !failedWith(error, ...troubles);
}
