import type { EcKeySpec } from "../shared/algorithms.ts";
import { algorithmIdentifier, readAlgorithm } from "./algorithm-identifier.ts";
import { bitString, DerReader, element, encodeDer, integer, malformed, sequence, tags } from "./der.ts";
import { ecSpec, isRsaParts, type PrivateParts, type RsaPrivateParts, rsaSpec } from "./key-parts.ts";
import { requirePointForm } from "./spki.ts";

/**
 * Reads the DER of a PKCS#8 private key (RFC 5958), version 1 or 2, with or without attributes and public key. The parts
 * are views on `der`. Only the form is checked: {@link importPrivateKey} checks that the parts belong together.
 *
 * @throws {LanelockError} `ERR_KEY`
 */
export function parsePkcs8(der: Uint8Array): PrivateParts {
  const outer = new DerReader(der);
  const info = outer.sequence();
  outer.end();
  const version = readVersion(info, [0, 1]);
  const algorithm = readAlgorithm(info);
  const key = new DerReader(info.read(tags.octetString));
  if (info.next(tags.context(0))) info.read(tags.context(0));
  const outerPoint =
    version === 1 && info.next(tags.contextPrimitive(1)) ? info.bitString(tags.contextPrimitive(1)) : undefined;
  info.end();
  const numbers = key.sequence();
  key.end();
  return algorithm === "RSA" ? readRsa(numbers) : readEc(numbers, algorithm, outerPoint);
}

function readVersion(reader: DerReader, known: readonly number[]): number {
  const bytes = reader.integer();
  const version = bytes[0] ?? 0;
  if (bytes.length > 1 || !known.includes(version)) throw malformed("its structure has an unknown version");
  return version;
}

/** RSAPrivateKey, RFC 8017 §A.1.2; version 1 would be a key of more than two primes. */
function readRsa(numbers: DerReader): RsaPrivateParts {
  readVersion(numbers, [0]);
  const modulus = numbers.integer();
  const publicExponent = numbers.integer();
  const parts = {
    spec: rsaSpec(modulus, publicExponent),
    modulus,
    publicExponent,
    privateExponent: numbers.integer(),
    prime1: numbers.integer(),
    prime2: numbers.integer(),
    exponent1: numbers.integer(),
    exponent2: numbers.integer(),
    coefficient: numbers.integer(),
  };
  numbers.end();
  return parts;
}

/** ECPrivateKey, RFC 5915 §3. */
function readEc(numbers: DerReader, spec: EcKeySpec, outerPoint: Uint8Array | undefined): PrivateParts {
  readVersion(numbers, [1]);
  const scalar = numbers.read(tags.octetString);
  if (scalar.length !== 32) throw malformed("its private scalar does not have 32 bytes");
  if (numbers.next(tags.context(0))) {
    const parameters = new DerReader(numbers.read(tags.context(0)));
    if (ecSpec(parameters.read(tags.objectIdentifier)) !== spec) throw malformed("it names two curves");
    parameters.end();
  }
  let point = outerPoint;
  if (numbers.next(tags.context(1))) {
    const wrapper = new DerReader(numbers.read(tags.context(1)));
    const inner = wrapper.bitString();
    wrapper.end();
    if (point && `${point}` !== `${inner}`) throw malformed("it holds two public keys");
    point = inner;
  }
  numbers.end();
  return point ? { spec, scalar, point: requirePointForm(point) } : { spec, scalar };
}

/** The DER of a PKCS#8 private key, version 1, in the form OpenSSL writes. Wipe it after use. */
export function encodePkcs8(parts: PrivateParts): Uint8Array<ArrayBuffer> {
  const version = element(tags.integer, Uint8Array.of(isRsaParts(parts) ? 0 : 1));
  const numbers = isRsaParts(parts)
    ? [
        integer(parts.modulus),
        integer(parts.publicExponent),
        integer(parts.privateExponent),
        integer(parts.prime1),
        integer(parts.prime2),
        integer(parts.exponent1),
        integer(parts.exponent2),
        integer(parts.coefficient),
      ]
    : [
        element(tags.octetString, parts.scalar),
        ...(parts.point ? [element(tags.context(1), bitString(parts.point))] : []),
      ];
  return encodeDer(
    sequence(
      element(tags.integer, new Uint8Array(1)),
      algorithmIdentifier(parts.spec),
      element(tags.octetString, sequence(version, ...numbers)),
    ),
  );
}
