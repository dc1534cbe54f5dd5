import type { AsymmetricKeySpec, EcKeySpec, RsaKeySpec } from "../shared/algorithms.ts";
import { malformed } from "./der.ts";
import { modulusLengths } from "./key-specs.ts";

/** Unsigned big-endian numbers, as DER holds them. */
export interface RsaPublicParts {
  readonly spec: RsaKeySpec;
  readonly modulus: Uint8Array;
  readonly publicExponent: Uint8Array;
}

/** RFC 8017 §3.2, the quintuple and the first representation. */
export interface RsaPrivateParts extends RsaPublicParts {
  readonly privateExponent: Uint8Array;
  readonly prime1: Uint8Array;
  readonly prime2: Uint8Array;
  readonly exponent1: Uint8Array;
  readonly exponent2: Uint8Array;
  readonly coefficient: Uint8Array;
}

export interface EcPublicParts {
  readonly spec: EcKeySpec;
  /** SEC 1 §2.3.3, compressed (33 bytes) or uncompressed (65 bytes). */
  readonly point: Uint8Array;
}

export interface EcPrivateParts {
  readonly spec: EcKeySpec;
  /** 32 bytes, big-endian. */
  readonly scalar: Uint8Array;
  readonly point?: Uint8Array;
}

export type PublicParts = RsaPublicParts | EcPublicParts;
export type PrivateParts = RsaPrivateParts | EcPrivateParts;

/**
 * The spec of an RSA key. The modulus must have exactly 2,048, 3,072 or 4,096 bits. The public exponent must be odd, at least
 * 65,537 (FIPS 186-5 §5.1) and below 2^32, which every platform supports.
 */
export function rsaSpec(modulus: Uint8Array, publicExponent: Uint8Array): RsaKeySpec {
  const found = Object.entries(modulusLengths).find(([, length]) => length === modulus.length);
  const spec = (found?.[0] ?? "") as RsaKeySpec | "";
  if (spec === "" || (modulus[0] ?? 0) < 0x80) throw malformed("its modulus does not have 2048, 3072 or 4096 bits");
  if (((modulus.at(-1) ?? 0) & 1) === 0) throw malformed("its modulus is even");
  const exponent = publicExponent.length > 4 ? 0 : publicExponent.reduce((value, byte) => value * 256 + byte, 0);
  if (exponent < 65537 || exponent % 2 === 0) {
    throw malformed("its public exponent is not an odd number from 65537 to 2^32");
  }
  return spec;
}

const objectIdentifiers: Record<EcKeySpec, readonly number[]> = {
  EC_P256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
  EC_P256K: [0x2b, 0x81, 0x04, 0x00, 0x0a],
};

/** The object identifiers of secp256r1 and secp256k1 (SEC 2, RFC 5480). */
export function curveIdentifier(spec: EcKeySpec): Uint8Array {
  return Uint8Array.from(objectIdentifiers[spec]);
}

export function ecSpec(objectIdentifier: Uint8Array): EcKeySpec {
  const specs: EcKeySpec[] = ["EC_P256", "EC_P256K"];
  const found = specs.find((spec) => `${objectIdentifiers[spec]}` === `${objectIdentifier}`);
  if (!found) throw malformed("its curve is neither P-256 nor secp256k1");
  return found;
}

export function isRsaParts<Rsa extends { spec: AsymmetricKeySpec; modulus: Uint8Array }>(
  parts: Rsa | EcPublicParts | EcPrivateParts,
): parts is Rsa {
  return "modulus" in parts;
}
