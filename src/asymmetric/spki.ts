import { algorithmIdentifier, readAlgorithm } from "./algorithm-identifier.ts";
import { bitString, DerReader, encodeDer, integer, malformed, sequence } from "./der.ts";
import { isRsaParts, type PublicParts, rsaSpec } from "./key-parts.ts";

/**
 * Reads the DER of a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). It does not check that the point of an EC key is
 * on its curve: {@link importPublicKey} does.
 *
 * @throws {LanelockError} `ERR_KEY`
 */
export function parseSpki(der: Uint8Array): PublicParts {
  const outer = new DerReader(der);
  const info = outer.sequence();
  outer.end();
  const algorithm = readAlgorithm(info);
  const key = info.bitString();
  info.end();
  if (algorithm !== "RSA") return { spec: algorithm, point: requirePointForm(key) };
  const keyReader = new DerReader(key);
  const numbers = keyReader.sequence();
  keyReader.end();
  const modulus = numbers.integer();
  const publicExponent = numbers.integer();
  numbers.end();
  return { spec: rsaSpec(modulus, publicExponent), modulus, publicExponent };
}

/** SEC 1 §2.3.3: 02 or 03 and 32 bytes, or 04 and 64 bytes; the point at infinity is not a public key. */
export function requirePointForm(point: Uint8Array): Uint8Array {
  const [form] = point;
  const length = form === 2 || form === 3 ? 33 : form === 4 ? 65 : -1;
  if (point.length !== length) throw malformed("its point is neither compressed nor uncompressed");
  return point;
}

/** The DER of a SubjectPublicKeyInfo. */
export function encodeSpki(parts: PublicParts): Uint8Array<ArrayBuffer> {
  const key = isRsaParts(parts) ? sequence(integer(parts.modulus), integer(parts.publicExponent)) : parts.point;
  return encodeDer(sequence(algorithmIdentifier(parts.spec), bitString(key)));
}
