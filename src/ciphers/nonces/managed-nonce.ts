import { checkInto, checkOptions } from "../../engine/arguments.ts";
import { allocate } from "../../engine/call.ts";
import { LanelockError } from "../../errors.ts";
import { type Bytes, callersBytes, checkBytes } from "../../shared/byte-input.ts";
import { checkNames } from "../../shared/known-names.ts";
import { fillRandom } from "../../shared/random.ts";
import type { Aead, IntoOptions } from "../aead/aead.ts";
import type { MessageAead } from "../aead/message-aead.ts";
import { FEW_RANDOM_NONCES, RANDOM_NONCES, type RandomNonces } from "../aead/random-nonces.ts";
import { AEAD } from "../gcm/gcm.ts";
import type { AesSiv, SivOptions } from "../message/siv.ts";

/** What {@link managedNonce} takes. */
export type NonceAead = Aead | MessageAead | AesSiv;

/** Options of one message: those of the AEAD, without a nonce. */
export type ManagedOptions<A extends NonceAead> = A extends AesSiv ? Omit<SivOptions, "nonce"> : IntoOptions;

export interface ManagedNonceOptions {
  /** How many messages were sealed under this key before, with random nonces: 0 unless given. */
  sealed?: number | undefined;
}

const NAMES = ["aad", "into"];
const GCM_NONCE = 12;

function nonceOf(aead: NonceAead): RandomNonces {
  if (typeof aead === "object" && aead !== null) {
    if (RANDOM_NONCES in aead) return aead[RANDOM_NONCES] as RandomNonces;
    if (AEAD in aead) {
      const gcm = aead as Aead;
      return {
        nonceLength: GCM_NONCE,
        limit: FEW_RANDOM_NONCES,
        seal: (nonce, plaintext, options) => gcm.seal(nonce, plaintext, options),
        open: (nonce, sealed, options) => gcm.open(nonce, sealed, options),
      };
    }
  }
  throw new LanelockError("ERR_ARGUMENT", "managedNonce takes an AEAD that lanelock made, such as xaes256Gcm(key)");
}

function sealedOf(options: ManagedNonceOptions | undefined): number {
  checkOptions(options);
  if (options === undefined) return 0;
  checkNames(options, ["sealed"], "managedNonce");
  const { sealed = 0 } = options;
  if (Number.isSafeInteger(sealed) && sealed >= 0) return sealed;
  throw new LanelockError(
    "ERR_ARGUMENT",
    "sealed must be a whole number from 0: how many messages this key has sealed",
  );
}

/** What the caller wants besides the message itself. Reads each option once. */
function read(options: { aad?: unknown; into?: Uint8Array | undefined } | undefined): {
  aad: never;
  into: Uint8Array | undefined;
} {
  checkOptions(options);
  if (options !== undefined) checkNames(options, NAMES, "A message");
  const { aad, into } = options ?? {};
  // The AEAD checks it.
  return { aad: aad as never, into };
}

/**
 * An AEAD that draws a random nonce for every message and puts it in front: nonce ‖ ciphertext ‖ tag (AES-SIV: nonce ‖ V ‖ ciphertext).
 *
 * @example
 * using box = managedNonce(xaes256Gcm(key));
 * const sealed = box.seal(plaintext, { aad });
 * const opened = box.open(sealed, { aad });
 */
export class ManagedNonce<A extends NonceAead = NonceAead> {
  /** Bytes that a sealed message is longer than its plaintext. */
  readonly overhead: number;
  readonly #aead: A;
  readonly #nonces: RandomNonces;
  #sealed: number;

  constructor(aead: A, options?: ManagedNonceOptions) {
    this.#nonces = nonceOf(aead);
    this.#sealed = sealedOf(options);
    this.#aead = aead;
    this.overhead = this.#nonces.nonceLength + aead.tagLength;
  }

  /** Messages sealed so far, with those of the option `sealed`. */
  get sealed(): number {
    return this.#sealed;
  }

  /**
   * Encrypts and authenticates under a new random nonce.
   *
   * @returns nonce ‖ ciphertext ‖ tag, `plaintext.length + overhead` bytes; with `into`, the part of it that was written
   * @throws LanelockError `ERR_LIMIT` if the key has sealed as many messages as random nonces of its length allow (2^32 for GCM and
   *   CCM); otherwise as the AEAD
   */
  seal(plaintext: Uint8Array, options?: ManagedOptions<A>): Bytes {
    const { aad, into } = read(options);
    const { nonceLength, limit } = this.#nonces;
    const length = checkBytes(plaintext, "plaintext") + this.overhead;
    const sealed = into === undefined ? allocate(length) : checkInto(into, length);
    if (this.#sealed >= limit) {
      const reason = "a random nonce could come twice (SP 800-38D §8.3)";
      throw new LanelockError(
        "ERR_LIMIT",
        `This key has sealed ${this.#sealed} messages, and ${reason}: take a new key`,
      );
    }
    const nonce = fillRandom(new Uint8Array(nonceLength));
    this.#nonces.seal(nonce, plaintext, { aad, into: sealed.subarray(nonceLength) });
    this.#sealed += 1;
    // Last: `into` may overlap the plaintext.
    sealed.set(nonce);
    return sealed;
  }

  /**
   * Verifies and decrypts. Nothing is written to `into` or returned unless the tag is right.
   *
   * @param sealed nonce ‖ ciphertext ‖ tag
   * @returns the plaintext; with `into`, the part of it that was written
   * @throws LanelockError `ERR_LENGTH` if `sealed` is shorter than nonce and tag; otherwise as the AEAD
   */
  open(sealed: Uint8Array, options?: ManagedOptions<A>): Bytes {
    const { aad, into } = read(options);
    const data = callersBytes(sealed, "sealed");
    const { nonceLength } = this.#nonces;
    if (data.length < this.overhead) {
      const parts = `its nonce of ${nonceLength} and tag of ${this.overhead - nonceLength}`;
      throw new LanelockError("ERR_LENGTH", `sealed has ${data.length} bytes, fewer than ${parts}`);
    }
    return this.#nonces.open(data.subarray(0, nonceLength), data.subarray(nonceLength), { aad, into });
  }

  /** Wipes the key of the AEAD. Harmless when repeated; every other call then throws `ERR_STATE`. */
  dispose(): void {
    this.#aead.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
