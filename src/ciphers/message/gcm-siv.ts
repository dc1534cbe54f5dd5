import { LanelockError } from "../../errors.ts";
import { checkBytes } from "../../shared/byte-input.ts";
import { KeySlot } from "../engine-binding/key-slot.ts";
import { type AesModes, aes } from "../engine-binding/modes-engine.ts";
import type { MessageLengths, MessageMode, MessageSlots } from "./message-mode.ts";
import { WholeMessages } from "./whole-messages.ts";

/** Bytes of plaintext, and of additional data, in one message (RFC 8452 §6). */
const LIMIT = 2 ** 36;

/** @throws LanelockError `ERR_LIMIT` beyond what one message may have of either */
export function checkGcmSivLengths({ aad, text }: Pick<MessageLengths, "aad" | "text">): void {
  if (text <= LIMIT && aad <= LIMIT) return;
  const what = "of plaintext, and as many of additional data: split the message";
  throw new LanelockError("ERR_LIMIT", `AES-GCM-SIV takes at most ${LIMIT} bytes ${what}`);
}

/** AES-GCM-SIV (RFC 8452). A message's slot holds the keys that are derived for it. */
class GcmSivMode implements MessageMode {
  readonly tagLength = 16;
  readonly nonceLength = 12;
  readonly randomNonces = Number.POSITIVE_INFINITY;
  readonly covers = "plaintext";
  readonly size: number;
  readonly #aes: AesModes;
  readonly #keyLength: number;

  constructor(cipher: AesModes, keyLength: number) {
    this.size = cipher.gcmSivMessageSize();
    this.#aes = cipher;
    this.#keyLength = keyLength;
  }

  checkNonce(length: number): void {
    if (length !== 12) throw new LanelockError("ERR_NONCE", `nonce has ${length} bytes, but AES-GCM-SIV takes 12`);
  }

  checkLengths(lengths: MessageLengths): void {
    checkGcmSivLengths(lengths);
  }

  start({ key, message }: MessageSlots): void {
    this.#aes.gcmSivStart(key, message, this.#keyLength);
  }

  hashAad({ message }: MessageSlots, at: number, length: number): void {
    this.#aes.gcmSivHash(message, at, length);
  }

  hashText({ message }: MessageSlots, at: number, length: number): void {
    this.#aes.gcmSivHash(message, at, length);
  }

  addKeystream({ message }: MessageSlots, at: number, length: number): void {
    this.#aes.gcmSivKeystream(message, at, length);
  }

  tag(slots: MessageSlots, at: number, { aad, text }: MessageLengths): void {
    this.#aes.gcmSivTag(slots.message, at, aad, text);
    this.receive(slots, at);
  }

  receive({ message }: MessageSlots, at: number): void {
    this.#aes.gcmSivCounter(message, at);
  }

  verify({ message }: MessageSlots, at: number, { aad, text }: MessageLengths): boolean {
    return this.#aes.gcmSivVerify(message, at, aad, text) === 1;
  }

  seal({ message }: MessageSlots, data: number, { aad, text }: MessageLengths): void {
    this.#aes.gcmSivSeal(message, data, aad, text);
  }

  open({ message }: MessageSlots, data: number, { aad, text }: MessageLengths): boolean {
    return this.#aes.gcmSivOpen(message, data, aad, text) === 1;
  }
}

/** @param keyLengths as RFC 8452 has them; the engine derives keys of 24 bytes in the same way */
export function gcmSiv(key: Uint8Array, keyLengths: readonly number[] = [16, 32]): WholeMessages {
  const cipher = aes();
  const slot = new KeySlot({ ...cipher, name: "AES-GCM-SIV", keyLengths }, key);
  return new WholeMessages(new GcmSivMode(cipher, checkBytes(key, "key")), slot);
}
