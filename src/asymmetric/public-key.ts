import { LanelockError } from "../errors.ts";
import type { AsymmetricKeySpec } from "../shared/algorithms.ts";
import type { MaybePromise } from "../shared/maybe-promise.ts";
import { encodePem } from "../shared/pem.ts";
import { validPoint } from "./ec-curves.ts";
import { isRsaParts, type PublicParts } from "./key-parts.ts";
import { digestLength, isRsa, modulusLengths, plaintextLimit, requireAlgorithm } from "./key-specs.ts";
import type { CipherInput, Platform, PublicOperations, SignInput, VerifyInput } from "./platform.ts";
import { onPlatform } from "./platform-failure.ts";
import { encodeSpki, parseSpki } from "./spki.ts";
import { platform } from "./this-platform.ts";

/**
 * A public key ready for use, made by {@link importPublicKey}. Where the platform is synchronous, so are the methods, which then
 * throw at once; `await` works for both.
 */
export class PublicKey {
  readonly spec: AsymmetricKeySpec;
  /** SubjectPublicKeyInfo, the point of an EC key uncompressed. */
  readonly der: Uint8Array<ArrayBuffer>;
  readonly #operations: PublicOperations;

  constructor(parts: PublicParts, operations: PublicOperations) {
    this.spec = parts.spec;
    this.der = encodeSpki(parts);
    this.#operations = operations;
  }

  /** SubjectPublicKeyInfo in PEM, with a line feed at its end. */
  toPem(): string {
    return encodePem("PUBLIC KEY", this.der);
  }

  /**
   * @returns whether this key made the signature; false for a malformed one
   * @throws {LanelockError} `ERR_ARGUMENT`, `ERR_LENGTH`, and `ERR_UNSUPPORTED` for an RSA digest in a browser
   */
  verify(input: VerifyInput): MaybePromise<boolean> {
    requireSignInput(this.spec, input);
    // OpenSSL accepts an RSA signature without its leading zeros (RFC 8017 §8.1.2 step 1 does not).
    if (isRsa(this.spec) && input.signature.length !== modulusLengths[this.spec]) return false;
    return onPlatform(() => this.#operations.verify(input));
  }

  /**
   * @param input `data` has at most {@link plaintextLimit} bytes; it may be empty
   * @returns as many bytes as the modulus has (RSA), or 85 more than the plaintext (ECIES)
   * @throws {LanelockError} `ERR_ARGUMENT`, `ERR_LENGTH`
   */
  encrypt(input: CipherInput): MaybePromise<Uint8Array<ArrayBuffer>> {
    requireAlgorithm(this.spec, "encryption", input.algorithm);
    const limit = plaintextLimit(this.spec, input.algorithm);
    if (input.data.length > limit) {
      throw new LanelockError("ERR_LENGTH", `${input.algorithm} under ${this.spec} takes at most ${limit} bytes`);
    }
    return onPlatform(() => this.#operations.encrypt(input));
  }
}

export function requireSignInput(spec: AsymmetricKeySpec, { algorithm, messageType, data }: SignInput): void {
  requireAlgorithm(spec, "signing", algorithm);
  if (messageType === "RAW" || data.length === digestLength) return;
  throw new LanelockError("ERR_LENGTH", `A digest has ${digestLength} bytes, not ${data.length}`);
}

/**
 * Reads a public key from the DER of its SubjectPublicKeyInfo and checks it.
 *
 * @throws {LanelockError} `ERR_KEY`
 *
 * @example
 * const key = await importPublicKey(der);
 * const ciphertext = await key.encrypt({ algorithm: "RSAES_OAEP_SHA_256", data: dataKey });
 */
export async function importPublicKey(der: Uint8Array, on: Platform = platform()): Promise<PublicKey> {
  const parts = parseSpki(new Uint8Array(der));
  const checked = isRsaParts(parts) ? parts : { spec: parts.spec, point: await validPoint(parts) };
  return new PublicKey(checked, await onPlatform(() => on.loadPublic(checked)));
}

/**
 * Loads a public key from DER that was made or checked by this package: its point is not checked again.
 *
 * @throws {LanelockError} `ERR_KEY`
 */
export async function loadPublicKey(der: Uint8Array, on: Platform = platform()): Promise<PublicKey> {
  const parts = parseSpki(new Uint8Array(der));
  return new PublicKey(parts, await onPlatform(() => on.loadPublic(parts)));
}
