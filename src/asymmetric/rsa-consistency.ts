import { malformed } from "./der.ts";
import type { RsaPrivateParts } from "./key-parts.ts";

function toBigInt(bytes: Uint8Array): bigint {
  let hex = "0x0";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return BigInt(hex);
}

/**
 * Checks that the numbers of an RSA private key belong together (SP 800-56B §6.4.1.2.3, but for the primality of p and
 * q). A wrong exponent or coefficient would reveal the primes in a CRT signature. It uses BigInt and is not constant-time; it runs
 * once, when a key is imported.
 *
 * @throws {LanelockError} `ERR_KEY`
 */
export function requireConsistentRsa(parts: RsaPrivateParts): void {
  const [n, e, d] = [parts.modulus, parts.publicExponent, parts.privateExponent].map(toBigInt) as [
    bigint,
    bigint,
    bigint,
  ];
  const [p, q] = [toBigInt(parts.prime1), toBigInt(parts.prime2)];
  const [dp, dq, inverse] = [parts.exponent1, parts.exponent2, parts.coefficient].map(toBigInt) as [
    bigint,
    bigint,
    bigint,
  ];
  const consistent =
    p > 2n &&
    q > 2n &&
    p !== q &&
    p * q === n &&
    d < n &&
    (e * d) % (p - 1n) === 1n &&
    (e * d) % (q - 1n) === 1n &&
    dp === d % (p - 1n) &&
    dq === d % (q - 1n) &&
    inverse < p &&
    (inverse * q) % p === 1n;
  if (!consistent) throw malformed("its RSA numbers do not belong together");
}
