import type { ECDSA } from "@noble/curves/abstract/weierstrass.js";
import type { EcKeySpec } from "../shared/algorithms.ts";
import type { MaybePromise } from "../shared/maybe-promise.ts";
import { malformed } from "./der.ts";
import type { EcPrivateParts, EcPublicParts } from "./key-parts.ts";

const loaded = new Map<EcKeySpec, ECDSA>();

/**
 * The curve of @noble/curves, loaded at its first use: most processes never need it. Its BigInt arithmetic is not
 * constant-time, whatever care its algorithms take: docs/asymmetric.md says where it meets a private key.
 */
export function nobleCurve(spec: EcKeySpec): MaybePromise<ECDSA> {
  return loaded.get(spec) ?? load(spec);
}

async function load(spec: EcKeySpec): Promise<ECDSA> {
  const curve =
    spec === "EC_P256"
      ? (await import("@noble/curves/nist.js")).p256
      : (await import("@noble/curves/secp256k1.js")).secp256k1;
  loaded.set(spec, curve);
  return curve;
}

function withCurve<T>(spec: EcKeySpec, work: (curve: ECDSA) => T): MaybePromise<T> {
  const curve = nobleCurve(spec);
  return curve instanceof Promise ? curve.then(work) : work(curve);
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
export function signDigest(
  { spec, scalar }: EcPrivateParts,
  digest: Uint8Array,
): MaybePromise<Uint8Array<ArrayBuffer>> {
  const options = { prehash: false, format: "der" } as const;
  return withCurve(spec, (curve) => new Uint8Array(curve.sign(digest, scalar, options)));
}

/** Both forms of S are accepted, as X9.62 has it; a signature that is not DER is a bad signature. */
export function verifyDigest(
  { spec, point }: EcPublicParts,
  { digest, signature }: { digest: Uint8Array; signature: Uint8Array },
): MaybePromise<boolean> {
  const options = { prehash: false, format: "der", lowS: false } as const;
  return withCurve(spec, (curve) => curve.verify(signature, digest, point, options));
}
