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
import type { KeyProvider, RootKeySource } from "../../kms/ports/index.ts";
import { Pkcs11Provider } from "./provider.ts";
import { Pkcs11Root, type Pkcs11RootOptions } from "./root.ts";
import type { Pkcs11Options } from "./session/options.ts";

export type { Pkcs11RootOptions } from "./root.ts";
export type { ModuleOptions, SessionLimits, TokenOptions, TokenSelector } from "./session/connection-options.ts";
export type { Pkcs11Options, VendorMechanisms } from "./session/options.ts";
export type { PinSource } from "./session/pin.ts";
export { TokenError } from "./session/token-error.ts";

/**
 * A provider of HSM keys. `Kms.open` loads the module and opens the token.
 *
 * @throws LanelockError `ERR_ARGUMENT` that names the wrong option
 */
export function pkcs11(options: Pkcs11Options): KeyProvider {
  return new Pkcs11Provider(options);
}

/**
 * A token as the root of trust of software keys: each store has a random secret of 32 bytes, which it keeps encrypted under a
 * key that never leaves the token (AES-256-GCM, the store's id as AAD). A copy of the store is useless without the token. The
 * token is used when the KMS opens, not for each operation.
 *
 * @throws LanelockError `ERR_ARGUMENT` that names the wrong option
 * @example
 * const rootKey = pkcs11Root({ module, token: { label: "orders" }, pin: { file: "/etc/lanelock/pin" }, label: "kms root" });
 * await using kms = await Kms.open({ store: sqlStore({ path: "keys.db" }), rootKey });
 */
export function pkcs11Root(options: Pkcs11RootOptions): RootKeySource {
  return new Pkcs11Root(options);
}
