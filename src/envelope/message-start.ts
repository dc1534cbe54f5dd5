import type { MaybePromise } from "../shared/maybe-promise.ts";
import { drawIv } from "../shared/random.ts";
import { type Header, SALT_LENGTH } from "./format/header.ts";
import type { DataKeys, SealingKey } from "./keys/data-keys.ts";
import { committedMessageKeys, deriveMessageKeys, type MessageKeys } from "./keys/message-keys.ts";

/** The properties that all messages of an envelope share. */
export interface MessageOrigin {
  readonly dataKeys: DataKeys;
  /** 32 bytes; zeros for no context. */
  readonly contextDigest: Uint8Array;
  readonly segmentSizeLog2: number;
}

export interface StartOptions {
  /** Plaintext bytes of the message, where they are known. */
  readonly bytes: number | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface SealingStart {
  readonly header: Header;
  /** The caller wipes them after the header is written. */
  readonly keys: MessageKeys;
}

/** A new message: its header, and the keys of its segments. */
export function startSealing(origin: MessageOrigin, { bytes, signal }: StartOptions): MaybePromise<SealingStart> {
  const { dataKeys, contextDigest, segmentSizeLog2 } = origin;
  const use = ({ suite, dataKey, wrappedKey }: SealingKey): SealingStart => {
    const salt = drawIv(SALT_LENGTH);
    const keys = deriveMessageKeys({ dataKey, suite, segmentSizeLog2, salt, contextDigest });
    return { keys, header: { suite, segmentSizeLog2, wrappedKey, salt, commitment: keys.commitment } };
  };
  return dataKeys.forSealing({ bytes, signal, use });
}

/**
 * The keys of a message with this header. The caller wipes them.
 *
 * @throws LanelockError `ERR_AUTHENTICATION`
 */
export function startOpening(
  { dataKeys, contextDigest }: MessageOrigin,
  header: Header,
  { bytes, signal }: StartOptions,
): MaybePromise<MessageKeys> {
  const use = ({ dataKey }: { readonly dataKey: Uint8Array }) => committedMessageKeys(header, dataKey, contextDigest);
  return dataKeys.forOpening(header, { bytes, signal, use });
}
