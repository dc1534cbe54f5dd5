import { checkNames } from "../../../shared/known-names.ts";
import { isText, optionChecks } from "../../../shared/option-checks.ts";
import type { SessionLimits, TokenOptions } from "./connection-options.ts";

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
   * Whether to refuse, on creation and on use, keys that would leave the token. Otherwise, without a vendor's SM4, the token keeps SM4
   * keys encrypted, and this process decrypts and uses them. Default false.
   */
  readonly requireOnToken?: boolean | undefined;
}

const tokenOptionNames = ["module", "libraryParameters", "reinitialize", "token", "pin", "sessions"];
const sm4OptionNames = ["vendorMechanisms", "requireOnToken"];
// setTimeout takes no more than 2^31 - 1.
const longestTimeout = 2 ** 31 - 1;

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/**
 * @param whose for messages: `pkcs11Root()`
 * @param more names of options that are checked elsewhere
 * @throws LanelockError `ERR_ARGUMENT` that names what is wrong
 */
export function checkTokenOptions(options: TokenOptions, whose: string, more: readonly string[] = []): void {
  const requireThat = optionChecks(whose);
  requireThat(isObject(options), "options", "an object");
  checkNames(options, [...tokenOptionNames, ...more], whose);
  const { module, pin, libraryParameters, reinitialize = true } = options;
  requireThat(isText(module), "module", "the path of a PKCS#11 library");
  const token: unknown = options.token;
  const selector = isObject(token) ? Object.entries(token) : [];
  const [name, value] = selector[0] ?? [];
  const isSelector = selector.length === 1 && (name === "label" || name === "serial") && isText(value);
  requireThat(isSelector, "token", "{ label } or { serial }");
  const isFile = isObject(pin) && "file" in pin && isText(pin.file);
  requireThat(isText(pin) || typeof pin === "function" || isFile, "pin", "a PIN, a function or { file }");
  if (isObject(pin)) checkNames(pin, ["file"], `The option "pin" of ${whose}`);
  requireThat(libraryParameters === undefined || isText(libraryParameters), "libraryParameters", "a string");
  requireThat(typeof reinitialize === "boolean", "reinitialize", "true or false");
  checkSessionLimits(options.sessions ?? {}, whose);
}

function checkSessionLimits(sessions: SessionLimits, whose: string): void {
  const requireThat = optionChecks(whose);
  requireThat(isObject(sessions), "sessions", "an object");
  checkNames(sessions, ["max", "maxWaiting", "timeoutMs"], `The option "sessions" of ${whose}`);
  const { max = 1, maxWaiting = 0, timeoutMs = 1 } = sessions;
  requireThat(Number.isInteger(max) && max >= 1, "sessions.max", "a whole number from 1");
  const waiting = maxWaiting === Number.POSITIVE_INFINITY || (Number.isInteger(maxWaiting) && maxWaiting >= 0);
  requireThat(waiting, "sessions.maxWaiting", "a whole number from 0, or Infinity");
  const isTime = typeof timeoutMs === "number" && timeoutMs > 0 && timeoutMs <= longestTimeout;
  requireThat(isTime, "sessions.timeoutMs", `a time in ms up to ${longestTimeout}`);
}

/** @throws LanelockError `ERR_ARGUMENT` that names what is wrong */
export function checkPkcs11Options(options: Pkcs11Options): void {
  const whose = "pkcs11()";
  checkTokenOptions(options, whose, sm4OptionNames);
  const requireThat = optionChecks(whose);
  const { vendorMechanisms: vendor, requireOnToken = false } = options;
  requireThat(typeof requireOnToken === "boolean", "requireOnToken", "true or false");
  if (vendor === undefined) return;
  const numbers = ["SM4_KEY_GEN", "SM4_GCM", "SM4_KEY_TYPE"] as const;
  requireThat(isObject(vendor), "vendorMechanisms", `{ ${numbers.join(", ")} }`);
  checkNames(vendor, numbers, `The option "vendorMechanisms" of ${whose}`);
  for (const name of numbers) {
    const value = vendor[name];
    const is32Bits = Number.isInteger(value) && value >= 0 && value < 2 ** 32;
    requireThat(is32Bits, `vendorMechanisms.${name}`, "a number of the vendor's header, of 32 bits");
  }
}
