import type { Bytes } from "../../shared/byte-input.ts";

interface Options {
  aad?: never;
  into?: Uint8Array | undefined;
}

/** An AEAD as `managedNonce` uses it: whatever its own signatures, the nonce comes first. `aad` is what the AEAD's own option takes. */
export interface RandomNonces {
  /** Bytes of a nonce. */
  readonly nonceLength: number;
  /** How many messages one key may seal under random nonces of that length. */
  readonly limit: number;
  seal(nonce: Bytes, plaintext: Uint8Array, options: Options): Bytes;
  open(nonce: Bytes, sealed: Bytes, options: Options): Bytes;
}

/** Marks an AEAD that `managedNonce` takes: its {@link RandomNonces}. The same in every copy of this package that a program has. */
export const RANDOM_NONCES = Symbol.for("lanelock.random-nonces");

/**
 * Messages that one key may seal under random nonces of 12 bytes, so that none comes twice but with a probability of 2^-32
 * (SP 800-38D §8.3): for GCM and CCM, which a repeated nonce breaks.
 */
export const FEW_RANDOM_NONCES = 2 ** 32;
