import type { AsymmetricEncryptionAlgorithm } from "../../ports/index.ts";

export const ENCRYPTION_ALGORITHMS: readonly AsymmetricEncryptionAlgorithm[] = [
  "RSAES_OAEP_SHA_256",
  "RSAES_OAEP_SHA_1",
  "ECIES_DH_SHA_1_XOR_HMAC",
];
