/**
 * Keys in a key manager that the user runs, for example in front of a token: the KMS's protection level EXTERNAL.
 * Node only. The protocol is described in docs/external-keys.md; `lanelock external-proxy` speaks it for any PKCS#11 token.
 *
 * @example
 * import { Kms } from "lanelock/kms";
 * import { externalKeys } from "lanelock/external";
 *
 * const external = externalKeys({
 *   url: "https://keys.example.com:8443",
 *   ca: readFileSync("keys-ca.pem", "utf8"),
 *   credentials: { client: "orders", secret: { file: "/etc/lanelock/external-secret" } },
 * });
 * await using kms = await Kms.open({ store, rootKey, external });
 * await kms.createKey({ protectionLevel: "EXTERNAL" });
 *
 * @module
 */
import type { KeyProvider } from "../../kms/ports/index.ts";
import type { ExternalOptions } from "./options.ts";
import { ExternalProvider } from "./provider.ts";

export { ManagerRefusal } from "./connection.ts";
export type { ExternalCredentials, ExternalOptions } from "./options.ts";
export type { Refusal } from "./protocol.ts";

/**
 * A provider of external keys. `Kms.open` connects to the key manager and reads its capabilities.
 *
 * @throws LanelockError `ERR_ARGUMENT` that names the wrong option
 */
export function externalKeys(options: ExternalOptions): KeyProvider {
  return new ExternalProvider(options);
}
