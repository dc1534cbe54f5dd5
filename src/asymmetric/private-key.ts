import { LanelockError } from "../errors.ts";
import type { AsymmetricKeySpec } from "../shared/algorithms.ts";
import { equalBytes } from "../shared/equal-bytes.ts";
import { isPromise, type MaybePromise } from "../shared/maybe-promise.ts";
import { randomBytes } from "../shared/random.ts";
import { malformed } from "./der.ts";
import { validPoint } from "./ec-curves.ts";
import { type EcPrivateParts, isRsaParts, type PrivateParts, type PublicParts } from "./key-parts.ts";
import { isRsa, modulusLengths, requireAlgorithm } from "./key-specs.ts";
import { unpadPkcs1 } from "./pkcs1-unpadding.ts";
import { encodePkcs8, parsePkcs8 } from "./pkcs8.ts";
import type { CipherInput, KeyPair, Platform, PrivateOperations, SignInput } from "./platform.ts";
import { blamesKey, onPlatform, platformError } from "./platform-failure.ts";
import { requireSignInput } from "./public-key.ts";
import { requireConsistentRsa } from "./rsa-consistency.ts";
import { undecryptable } from "./runtime.ts";
import { encodeSpki } from "./spki.ts";
import { platform } from "./this-platform.ts";

/**
 * A private key ready for use, made by {@link loadPrivateKey}. Where the platform is synchronous, so are the methods, which then
 * throw at once; `await` works for both. After `dispose()` every method throws `ERR_STATE`.
 */
export class PrivateKey {
  readonly spec: AsymmetricKeySpec;
  #operations: PrivateOperations | undefined;
  #running = 0;
  #disposed = false;

  constructor(spec: AsymmetricKeySpec, operations: PrivateOperations) {
    this.spec = spec;
    this.#operations = operations;
  }

  /**
   * @returns as many bytes as the modulus has (RSA), or DER of at most 72 bytes (ECDSA)
   * @throws {LanelockError} `ERR_ARGUMENT`, `ERR_LENGTH`, `ERR_STATE`, and `ERR_UNSUPPORTED` for an RSA digest in a browser
   */
  sign(input: SignInput): MaybePromise<Uint8Array<ArrayBuffer>> {
    requireSignInput(this.spec, input);
    return this.#run((operations) => operations.sign(input));
  }

  /** @throws {LanelockError} `ERR_AUTHENTICATION` for every fault of the ciphertext; `ERR_ARGUMENT`, `ERR_STATE` */
  decrypt(input: CipherInput): MaybePromise<Uint8Array<ArrayBuffer>> {
    requireAlgorithm(this.spec, "encryption", input.algorithm);
    return this.#run((operations) => {
      this.#requireWholeCiphertext(input.data);
      return operations.decrypt(input);
    });
  }

  /**
   * RSAES-PKCS1-v1_5 decryption to a message of a known length. {@link unpadPkcs1} explains why, and what the caller must limit.
   *
   * @param ciphertext as long as the modulus, in bytes
   * @param length bytes of the message
   * @throws {LanelockError} `ERR_AUTHENTICATION`, `ERR_STATE`, and `ERR_UNSUPPORTED` in a browser and for an EC key
   */
  async decryptPkcs1(ciphertext: Uint8Array, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#run(async (operations) => {
      this.#requireWholeCiphertext(ciphertext);
      const encoded = await operations.rawDecrypt(ciphertext);
      try {
        return unpadPkcs1(encoded, length);
      } finally {
        encoded.fill(0);
      }
    });
  }

  /** Wipes the key after the calls in progress have ended. */
  dispose(): void {
    this.#disposed = true;
    this.#releaseWhenIdle();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #run<T>(work: (operations: PrivateOperations) => MaybePromise<T>): MaybePromise<T> {
    const operations = this.#operations;
    if (!operations || this.#disposed) throw new LanelockError("ERR_STATE", "The private key has been disposed of");
    const result = onPlatform(() => work(operations));
    if (!isPromise(result)) return result;
    this.#running += 1;
    return result.finally(() => {
      this.#running -= 1;
      this.#releaseWhenIdle();
    });
  }

  #releaseWhenIdle(): void {
    if (!this.#disposed || this.#running > 0) return;
    this.#operations?.dispose();
    this.#operations = undefined;
  }

  /** OpenSSL would put zeros before a shorter one (RFC 8017 §7.1.2 step 1b refuses it). */
  #requireWholeCiphertext(ciphertext: Uint8Array): void {
    if (isRsa(this.spec) && ciphertext.length !== modulusLengths[this.spec]) throw undecryptable();
  }
}

/** Generates a key pair without blocking the event loop. @throws {LanelockError} `ERR_PROVIDER` when the platform fails */
export async function generateKeyPair(spec: AsymmetricKeySpec, on: Platform = platform()): Promise<KeyPair> {
  return onPlatform(() => on.generateKeyPair(spec));
}

/**
 * Loads a private key from the DER that {@link generateKeyPair} or {@link importPrivateKey} returned. `der` is copied; the
 * caller wipes it.
 *
 * @throws {LanelockError} `ERR_KEY`
 */
export async function loadPrivateKey(der: Uint8Array, on: Platform = platform()): Promise<PrivateKey> {
  const parts = parsePkcs8(der);
  return new PrivateKey(parts.spec, await onPlatform(() => on.loadPrivate(parts)));
}

/**
 * Checks an imported private key (PKCS#8 DER, with or without its public key). Returns it in canonical form, so that equal keys
 * have equal bytes, and its public key. `der` is not changed.
 *
 * @throws {LanelockError} `ERR_KEY`
 */
export async function importPrivateKey(
  der: Uint8Array,
  on: Platform = platform(),
): Promise<KeyPair & { readonly spec: AsymmetricKeySpec }> {
  const copy = new Uint8Array(der);
  try {
    const parts = parsePkcs8(copy);
    const complete = isRsaParts(parts) ? parts : await withPoint(parts, on);
    if (isRsaParts(parts)) requireConsistentRsa(parts);
    await requireWorkingPair(complete, on);
    return { spec: parts.spec, privateKey: encodePkcs8(complete), publicKey: encodeSpki(complete) };
  } finally {
    copy.fill(0);
  }
}

/** Adds the public point. If the key already has one, it must be that of the scalar. */
async function withPoint({ spec, scalar, point }: EcPrivateParts, on: Platform) {
  const computed = await onPlatform(() => on.publicPoint(spec, scalar));
  if (point && !equalBytes(computed, await validPoint({ spec, point }))) {
    throw malformed("its public key is not that of its private key");
  }
  return { spec, scalar, point: computed };
}

/** Signs and verifies once. This finds faults that checks of single numbers do not, such as a composite "prime". */
async function requireWorkingPair(parts: PrivateParts & PublicParts, on: Platform): Promise<void> {
  const algorithm = isRsaParts(parts) ? "RSA_PSS_SHA_256" : "ECDSA_SHA_256";
  const input = { algorithm, messageType: "RAW", data: randomBytes(32) } as const;
  let works: boolean;
  try {
    const privateKey = await on.loadPrivate(parts);
    const signature = await (async () => privateKey.sign(input))().finally(() => privateKey.dispose());
    works = await (await on.loadPublic(parts)).verify({ ...input, signature });
  } catch (cause) {
    throw blamesKey(cause) ? malformed("it does not work as a key", { cause }) : platformError(cause);
  }
  if (!works) throw malformed("its signatures do not verify");
}
