import { checkOptions } from "../../engine/arguments.ts";
import { LanelockError } from "../../errors.ts";
import { checkNames } from "../../shared/known-names.ts";
import { FEW_RANDOM_NONCES } from "../aead/random-nonces.ts";
import { KeySlot } from "../engine-binding/key-slot.ts";
import type { AesModes, Sm4Modes } from "../engine-binding/modes-engine.ts";
import { type MessageLengths, type MessageMode, type MessageSlots, textAfter } from "./message-mode.ts";
import { WholeMessages } from "./whole-messages.ts";

export interface CcmOptions {
  /** Bytes of the tag: 16 unless given (SP 800-38C §A.1, Appendix B on the shorter ones). */
  tagLength?: 4 | 6 | 8 | 10 | 12 | 14 | 16 | undefined;
}

const TAG_LENGTHS: readonly unknown[] = [4, 6, 8, 10, 12, 14, 16];

function tagLengthOf(options: CcmOptions | undefined): number {
  checkOptions(options);
  if (options === undefined) return 16;
  checkNames(options, ["tagLength"], "CCM");
  const { tagLength = 16 } = options;
  if (TAG_LENGTHS.includes(tagLength)) return tagLength;
  throw new LanelockError("ERR_ARGUMENT", `tagLength must be 4, 6, 8, 10, 12, 14 or 16 bytes, not ${tagLength}`);
}

/** CCM (SP 800-38C) over either cipher. */
class CcmMode implements MessageMode {
  readonly tagLength: number;
  readonly nonceLength = 12;
  readonly randomNonces = FEW_RANDOM_NONCES;
  readonly covers = "plaintext";
  readonly size: number;
  readonly #cipher: AesModes | Sm4Modes;

  constructor(cipher: AesModes | Sm4Modes, tagLength: number) {
    this.tagLength = tagLength;
    this.size = cipher.ccmStateSize();
    this.#cipher = cipher;
  }

  checkNonce(length: number): void {
    if (length >= 7 && length <= 13) return;
    throw new LanelockError("ERR_NONCE", `nonce has ${length} bytes, but CCM takes 7 to 13`);
  }

  checkLengths({ nonce, text }: MessageLengths): void {
    const limit = 2 ** (8 * (15 - nonce)) - 1;
    if (text <= limit) return;
    const remedy = "take a shorter nonce, or split the message";
    throw new LanelockError("ERR_LIMIT", `CCM takes at most ${limit} bytes with a nonce of ${nonce}: ${remedy}`);
  }

  start({ key, message }: MessageSlots, { nonce, aad, text }: MessageLengths): void {
    this.#cipher.ccmStart(key, message, nonce, this.tagLength, aad, text);
  }

  hashAad({ key, message }: MessageSlots, at: number, length: number): void {
    this.#cipher.ccmAad(key, message, at, length);
  }

  hashText({ key, message }: MessageSlots, at: number, length: number): void {
    this.#cipher.ccmText(key, message, at, length);
  }

  addKeystream({ key, message }: MessageSlots, at: number, length: number): void {
    this.#cipher.ccmKeystream(key, message, at, length);
  }

  tag({ key, message }: MessageSlots, at: number): void {
    this.#cipher.ccmTag(key, message, at);
  }

  receive(): void {}

  verify({ key, message }: MessageSlots, at: number): boolean {
    return this.#cipher.ccmVerify(key, message, at, this.tagLength) === 1;
  }

  seal(slots: MessageSlots, data: number, { aad, text }: MessageLengths): void {
    const at = textAfter(data, aad);
    if (aad > 0) this.hashAad(slots, data, aad);
    this.hashText(slots, at, text);
    this.addKeystream(slots, at, text);
    this.tag(slots, at + text);
  }

  open(slots: MessageSlots, data: number, { aad, text }: MessageLengths): boolean {
    const at = textAfter(data, aad);
    if (aad > 0) this.hashAad(slots, data, aad);
    this.addKeystream(slots, at, text);
    this.hashText(slots, at, text);
    return this.verify(slots, at + text);
  }
}

/** CCM under `key`, of a length that the cipher takes. */
export function ccm(cipher: AesModes | Sm4Modes, key: Uint8Array, options?: CcmOptions): WholeMessages {
  const mode = new CcmMode(cipher, tagLengthOf(options));
  return new WholeMessages(mode, new KeySlot(cipher, key));
}
