import { KmsError } from "../../../kms/ports/errors.ts";
import type { KeySpec, SymmetricKeySpec } from "../../../kms/ports/index.ts";

/** Bytes of each symmetric key. */
export const keyLengths: Readonly<Record<SymmetricKeySpec, number>> = {
  Aliyun_AES_256: 32,
  Aliyun_AES_192: 24,
  Aliyun_AES_128: 16,
  Aliyun_SM4: 16,
};

export function isSymmetric(keySpec: KeySpec): keySpec is SymmetricKeySpec {
  return Object.hasOwn(keyLengths, keySpec);
}

/** SoftHSM would store an AES key of any length. @throws KmsError `InvalidKeyMaterial` */
export function requireKeyLength(keySpec: SymmetricKeySpec, material: Uint8Array): void {
  const length = keyLengths[keySpec];
  if (material.length === length) return;
  throw new KmsError(
    "InvalidKeyMaterial",
    `A key of ${keySpec} has ${length} bytes; the material has ${material.length}.`,
  );
}
