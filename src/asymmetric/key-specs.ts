import { LanelockError } from "../errors.ts";
import type {
  AsymmetricEncryptionAlgorithm,
  AsymmetricKeySpec,
  RsaKeySpec,
  SignatureAlgorithm,
} from "../shared/algorithms.ts";

/** Bytes of an RSA modulus, which are also those of its ciphertexts and signatures. */
export const modulusLengths: Record<RsaKeySpec, number> = { RSA_2048: 256, RSA_3072: 384, RSA_4096: 512 };

const rsa = {
  encryption: ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"],
  signing: ["RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256"],
} as const;
const ec = { encryption: ["ECIES_DH_SHA_1_XOR_HMAC"], signing: ["ECDSA_SHA_256"] } as const;

interface SpecAlgorithms {
  readonly encryption: readonly [AsymmetricEncryptionAlgorithm, ...AsymmetricEncryptionAlgorithm[]];
  readonly signing: readonly [SignatureAlgorithm, ...SignatureAlgorithm[]];
}

/** The algorithms of each spec. The first of a list is the default of its operation. */
export const asymmetricAlgorithms: Record<AsymmetricKeySpec, SpecAlgorithms> = {
  RSA_2048: rsa,
  RSA_3072: rsa,
  RSA_4096: rsa,
  EC_P256: ec,
  EC_P256K: ec,
};

/** Bytes of a digest: `ECDSA_SHA_256`, `RSA_PSS_SHA_256` and `RSA_PKCS1_SHA_256` sign the output of SHA-256. */
export const digestLength = 32;
/** The longest plaintext of ECIES, in bytes: as that of the symmetric Encrypt. */
export const eciesPlaintextLimit = 6144;

const oaepHashLengths: Record<Exclude<AsymmetricEncryptionAlgorithm, `EC${string}`>, number> = {
  RSAES_OAEP_SHA_256: 32,
  RSAES_OAEP_SHA_1: 20,
};

export function isRsa(spec: AsymmetricKeySpec): spec is RsaKeySpec {
  return spec in modulusLengths;
}

export function isAsymmetricKeySpec(spec: unknown): spec is AsymmetricKeySpec {
  return typeof spec === "string" && Object.hasOwn(asymmetricAlgorithms, spec);
}

/** The longest plaintext, in bytes, that one encryption takes (RFC 8017 §7.1.1: k − 2·hLen − 2). */
export function plaintextLimit(spec: AsymmetricKeySpec, algorithm: AsymmetricEncryptionAlgorithm): number {
  if (!isRsa(spec) || algorithm === "ECIES_DH_SHA_1_XOR_HMAC") return eciesPlaintextLimit;
  return modulusLengths[spec] - 2 * oaepHashLengths[algorithm] - 2;
}

/** @throws {LanelockError} `ERR_ARGUMENT` when keys of `spec` do not support `algorithm` */
export function requireAlgorithm(
  spec: AsymmetricKeySpec,
  purpose: keyof SpecAlgorithms,
  algorithm: AsymmetricEncryptionAlgorithm | SignatureAlgorithm,
): void {
  const known: readonly string[] = asymmetricAlgorithms[spec][purpose];
  if (known.includes(algorithm)) return;
  throw new LanelockError(
    "ERR_ARGUMENT",
    `${spec} does not support ${algorithm}: its ${purpose} takes ${known.join(" or ")}.`,
  );
}
