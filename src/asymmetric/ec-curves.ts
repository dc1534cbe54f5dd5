import type { ECDSA } from "@noble/curves/abstract/weierstrass.js";
import type { EcKeySpec } from "../kms/ports/vocabulary.ts";
import { malformed } from "./der.ts";
import type { EcPrivateParts, EcPublicParts } from "./key-parts.ts";

/**
 * The curve of @noble/curves, loaded at its first use: most processes never need it. Its BigInt arithmetic is not
 * constant-time, whatever care its algorithms take: docs/asymmetric.md says where it meets a private key.
 */
export async function nobleCurve(spec: EcKeySpec): Promise<ECDSA> {
  if (spec === "EC_P256") return (await import("@noble/curves/nist.js")).p256;
  return (await import("@noble/curves/secp256k1.js")).secp256k1;
}

/**
 * A point in uncompressed form, 65 bytes, once it is known to lie on the curve and not at infinity.
 *
 * @throws {LanelockError} `ERR_KEY`
 */
export async function validPoint({ spec, point }: EcPublicParts): Promise<Uint8Array<ArrayBuffer>> {
  const curve = await nobleCurve(spec);
  try {
    const decoded = curve.Point.fromBytes(point);
    decoded.assertValidity();
    return new Uint8Array(decoded.toBytes(false));
  } catch (cause) {
    throw malformed("its point is not on the curve", { cause });
  }
}

/** ECDSA over a digest that is not hashed again, in DER. The nonce is that of RFC 6979. */
export async function signDigest(
  { spec, scalar }: EcPrivateParts,
  digest: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const curve = await nobleCurve(spec);
  return new Uint8Array(curve.sign(digest, scalar, { prehash: false, format: "der" }));
}

/** Both forms of S are accepted, as X9.62 has it; a signature that is not DER is a bad signature. */
export async function verifyDigest(
  key: EcPublicParts,
  { digest, signature }: { digest: Uint8Array; signature: Uint8Array },
): Promise<boolean> {
  const curve = await nobleCurve(key.spec);
  return curve.verify(signature, digest, key.point, { prehash: false, format: "der", lowS: false });
}
