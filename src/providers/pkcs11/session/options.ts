import { isText, optionChecks } from "../../../shared/option-checks.ts";
import type { TokenOptions } from "./connection-options.ts";

const requireThat = optionChecks("pkcs11()");

/** A vendor's own mechanisms and key type for SM4, which PKCS#11 has none for. Take the numbers from the vendor's header. */
export interface VendorMechanisms {
  readonly SM4_KEY_GEN: number;
  /** Takes CK_GCM_PARAMS, like CKM_AES_GCM. */
  readonly SM4_GCM: number;
  /** CKA_KEY_TYPE of an SM4 key. */
  readonly SM4_KEY_TYPE: number;
}

export interface Pkcs11Options extends TokenOptions {
  readonly vendorMechanisms?: VendorMechanisms | undefined;
  /**
   * Refuses what the token cannot work itself, when it is made and when it is used. Without a vendor's SM4, an SM4 key is
   * otherwise kept encrypted by the token and worked in this process. Default false.
   */
  readonly requireOnToken?: boolean | undefined;
}

/** @throws LanelockError `ERR_ARGUMENT` that names what is wrong */
export function checkTokenOptions(options: TokenOptions): void {
  requireThat(typeof options === "object" && options !== null, "options", "an object");
  const { module, token, pin, libraryParameters, reinitialize = true, sessions = {} } = options;
  requireThat(isText(module), "module", "the path of a PKCS#11 library");
  const selector: unknown = token;
  requireThat(
    typeof selector === "object" &&
      selector !== null &&
      ("label" in token ? isText(token.label) : isText(token.serial)),
    "token",
    "{ label } or { serial }",
  );
  const isFile = typeof pin === "object" && pin !== null && typeof pin.file === "string";
  requireThat(isText(pin) || typeof pin === "function" || isFile, "pin", "a PIN, a function or { file }");
  requireThat(libraryParameters === undefined || isText(libraryParameters), "libraryParameters", "a string");
  requireThat(typeof reinitialize === "boolean", "reinitialize", "true or false");
  const { max = 1, maxWaiting = 0, timeoutMs = 1 } = sessions;
  requireThat(Number.isInteger(max) && max >= 1, "sessions.max", "a whole number from 1");
  const waiting = maxWaiting === Number.POSITIVE_INFINITY || (Number.isInteger(maxWaiting) && maxWaiting >= 0);
  requireThat(waiting, "sessions.maxWaiting", "a whole number from 0, or Infinity");
  // setTimeout takes no more than 2^31 - 1.
  const timeLimit = 2 ** 31 - 1;
  requireThat(timeoutMs > 0 && timeoutMs <= timeLimit, "sessions.timeoutMs", `a time in ms up to ${timeLimit}`);
}

/** @throws LanelockError `ERR_ARGUMENT` that names what is wrong */
export function checkSm4Options({ vendorMechanisms: vendor, requireOnToken = false }: Pkcs11Options): void {
  requireThat(typeof requireOnToken === "boolean", "requireOnToken", "true or false");
  if (vendor === undefined) return;
  for (const name of ["SM4_KEY_GEN", "SM4_GCM", "SM4_KEY_TYPE"] as const) {
    const value = vendor[name];
    const is32Bits = Number.isInteger(value) && value >= 0 && value < 2 ** 32;
    requireThat(is32Bits, `vendorMechanisms.${name}`, "a number of the vendor's header, of 32 bits");
  }
}
