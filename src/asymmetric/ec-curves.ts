import type { ECDSA } from "@noble/curves/abstract/weierstrass.js";
import { LanelockError } from "../errors.ts";
import type { EcKeySpec } from "../shared/algorithms.ts";
import { isPromise, type MaybePromise } from "../shared/maybe-promise.ts";
import { malformed } from "./der.ts";
import type { EcPrivateParts, EcPublicParts } from "./key-parts.ts";

const loaded = new Map<EcKeySpec, ECDSA>();

/**
 * A curve of @noble/curves, loaded at its first use because most processes never need it. Its BigInt arithmetic is not
 * constant-time: docs/asymmetric.md lists where it handles a private key.
 */
export function nobleCurve(spec: EcKeySpec): MaybePromise<ECDSA> {
  return loaded.get(spec) ?? load(spec);
}

async function load(spec: EcKeySpec): Promise<ECDSA> {
  const curve = await importCurve(spec).catch((cause: unknown) => {
    const message =
      "Elliptic curves need the package @noble/curves, which cannot be loaded; run: npm install @noble/curves";
    throw new LanelockError("ERR_DEPENDENCY", message, { cause });
  });
  loaded.set(spec, curve);
  return curve;
}

async function importCurve(spec: EcKeySpec): Promise<ECDSA> {
  return spec === "EC_P256"
    ? (await import("@noble/curves/nist.js")).p256
    : (await import("@noble/curves/secp256k1.js")).secp256k1;
}

function withCurve<T>(spec: EcKeySpec, work: (curve: ECDSA) => T): MaybePromise<T> {
  const curve = nobleCurve(spec);
  return isPromise(curve) ? curve.then(work) : work(curve);
}

/**
 * Checks that a point lies on its curve and is not at infinity, and returns it uncompressed, in 65 bytes (SEC 1 §3.2.2.1).
 *
 * @throws {LanelockError} `ERR_KEY`
 */
export async function validPoint({ spec, point }: EcPublicParts): Promise<Uint8Array<ArrayBuffer>> {
  const curve = await nobleCurve(spec);
  try {
    // fromBytes refuses coordinates beyond the field, points off the curve and the point at infinity.
    return new Uint8Array(curve.Point.fromBytes(point).toBytes(false));
  } catch (cause) {
    throw malformed("its point is not on the curve", { cause });
  }
}

/** Signs a digest with ECDSA, without hashing it again. The nonce is that of RFC 6979; the signature is DER. */
export function signDigest(
  { spec, scalar }: EcPrivateParts,
  digest: Uint8Array,
): MaybePromise<Uint8Array<ArrayBuffer>> {
  const options = { prehash: false, format: "der" } as const;
  return withCurve(spec, (curve) => new Uint8Array(curve.sign(digest, scalar, options)));
}

/** Verifies an ECDSA signature over a digest. Accepts S and n − S, as X9.62 does. A signature that is not DER does not verify. */
export function verifyDigest(
  { spec, point }: EcPublicParts,
  { digest, signature }: { digest: Uint8Array; signature: Uint8Array },
): MaybePromise<boolean> {
  const options = { prehash: false, format: "der", lowS: false } as const;
  return withCurve(spec, (curve) => curve.verify(signature, digest, point, options));
}
