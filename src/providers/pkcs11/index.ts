/**
 * Keys on a PKCS#11 token: the KMS's protection level HSM, and a token as the root of trust of software keys. Node only; needs
 * the package pkcs11js.
 *
 * @example
 * import { Kms } from "lanelock/kms";
 * import { pkcs11 } from "lanelock/pkcs11";
 *
 * const hsm = pkcs11({
 *   module: "/usr/lib/softhsm/libsofthsm2.so",
 *   token: { label: "orders" },
 *   pin: { file: "/etc/lanelock/pin" },
 *   sessions: { max: 4 },
 * });
 * await using kms = await Kms.open({ store, rootKey, hsm });
 * await kms.createKey({ keySpec: "Aliyun_AES_256", protectionLevel: "HSM" });
 *
 * @module
 */
import type { KeyProvider } from "../../kms/ports/index.ts";
import type { Pkcs11Options } from "./options.ts";
import { Pkcs11Provider } from "./provider.ts";

export type { ModuleOptions } from "./module.ts";
export type { Pkcs11Options, VendorMechanisms } from "./options.ts";
export type { PinSource } from "./pin.ts";
export type { TokenSelector } from "./slots.ts";
export type { SessionLimits, TokenOptions } from "./token.ts";
export { TokenError } from "./token-error.ts";

/**
 * A provider of HSM keys. Nothing is loaded before `Kms.open`.
 *
 * @throws LanelockError `ERR_ARGUMENT` that names the wrong option
 */
export function pkcs11(options: Pkcs11Options): KeyProvider {
  return new Pkcs11Provider(options);
}
