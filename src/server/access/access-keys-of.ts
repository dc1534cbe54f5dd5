import { LanelockError } from "../../errors.ts";
import { gatewayOf, type Kms } from "../../kms/kms.ts";
import type { Gateway } from "../../kms/service/gateway.ts";
import { AccessKeys } from "./access-keys.ts";

/**
 * The access keys in a KMS's store, which every server of that store knows within a quarter of a second.
 *
 * @throws LanelockError `ERR_ARGUMENT` for anything but a Kms of this copy of the package
 * @example
 * const { accessKeyId, accessKeySecret } = await accessKeysOf(kms).create({ name: "orders-service" });
 */
export function accessKeysOf(kms: Kms): AccessKeys {
  return accessKeysBehind(requireGateway(kms), () => undefined);
}

/** @param changed called after every change that was tried */
export function accessKeysBehind(gateway: Gateway, changed: () => void): AccessKeys {
  const document = {
    read: () => gateway.document("access-keys"),
    change: (operation: string, work: (old: Uint8Array | undefined) => Uint8Array) =>
      gateway.changeDocument("access-keys", operation, work).finally(changed),
  };
  return new AccessKeys(document, () => gateway.now());
}

export function requireGateway(kms: Kms): Gateway {
  const gateway = gatewayOf(kms);
  if (gateway !== undefined) return gateway;
  throw new LanelockError("ERR_ARGUMENT", "The option kms must be a Kms of this copy of lanelock.");
}
