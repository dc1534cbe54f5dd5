import { equalInConstantTime } from "../../shared/encoding.ts";
import { hkdfSha256 } from "../../shared/hash/hkdf-sha256.ts";
import { COMMITMENT_LENGTH, type Header, MAGIC } from "../format/header.ts";
import { notAuthentic } from "../format/not-authentic.ts";
import { NONCE_PREFIX_LENGTH } from "../format/segment-nonce.ts";
import type { Suite } from "../format/suites.ts";

export const DATA_KEY_LENGTH = 32;
export const CONTEXT_DIGEST_LENGTH = 32;

/** The keys of one message. The arrays are views of a single buffer; {@link wipeMessageKeys} wipes it. */
export interface MessageKeys {
  readonly suite: Suite;
  /** Plaintext bytes of every segment but the last. */
  readonly segmentSize: number;
  readonly segmentKey: Uint8Array;
  readonly noncePrefix: Uint8Array;
  readonly commitment: Uint8Array;
}

export interface KeyInput {
  /** 32 bytes. */
  readonly dataKey: Uint8Array;
  readonly suite: Suite;
  readonly segmentSizeLog2: number;
  /** 32 bytes. */
  readonly salt: Uint8Array;
  /** SHA-256 of the encryption context; 32 zero bytes for none. */
  readonly contextDigest: Uint8Array;
}

/**
 * HKDF-SHA-256(data key, salt, "LLK1" ‖ suite ‖ log2 of the segment size ‖ context digest)
 * = segment key ‖ nonce prefix 7 ‖ commitment 32.
 *
 * The wrapped data key is left out on purpose: the commitment binds the data key itself, so that a message can move to
 * another CMK by a new header alone.
 */
export function deriveMessageKeys({ dataKey, suite, segmentSizeLog2, salt, contextDigest }: KeyInput): MessageKeys {
  const info = new Uint8Array(MAGIC.length + 2 + CONTEXT_DIGEST_LENGTH);
  info.set(MAGIC);
  info[4] = suite.id;
  info[5] = segmentSizeLog2;
  info.set(contextDigest, MAGIC.length + 2);
  const prefixAt = suite.keyLength;
  const commitmentAt = prefixAt + NONCE_PREFIX_LENGTH;
  const output = hkdfSha256({ key: dataKey, salt, info, length: commitmentAt + COMMITMENT_LENGTH });
  return {
    suite,
    segmentSize: 2 ** segmentSizeLog2,
    segmentKey: output.subarray(0, prefixAt),
    noncePrefix: output.subarray(prefixAt, commitmentAt),
    commitment: output.subarray(commitmentAt),
  };
}

/**
 * The keys of a message that is to be opened. The commitment is checked first: GCM alone would let one ciphertext open under
 * several keys.
 *
 * @throws LanelockError `ERR_AUTHENTICATION`
 */
export function committedMessageKeys(header: Header, dataKey: Uint8Array, contextDigest: Uint8Array): MessageKeys {
  if (dataKey.length !== DATA_KEY_LENGTH) throw notAuthentic();
  const { suite, segmentSizeLog2, salt, commitment } = header;
  const keys = deriveMessageKeys({ dataKey, suite, segmentSizeLog2, salt, contextDigest });
  if (equalInConstantTime(keys.commitment, commitment)) return keys;
  wipeMessageKeys(keys);
  throw notAuthentic();
}

export function wipeMessageKeys(keys: MessageKeys): void {
  keys.segmentKey.fill(0);
  keys.noncePrefix.fill(0);
  keys.commitment.fill(0);
}
