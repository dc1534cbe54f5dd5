import { engine } from "../../engine/load.ts";
import { LanelockError } from "../../errors.ts";
import { KeySlot } from "../engine-binding/key-slot.ts";
import { type AesModes, aes } from "../engine-binding/modes-engine.ts";
import { checkTextLength } from "../gcm/gcm-limits.ts";
import type { MessageLengths, MessageMode, MessageSlots } from "./message-mode.ts";
import { WholeMessages } from "./whole-messages.ts";

/** Bytes of the nonce that AES-256-GCM gets: the second half. */
const GCM_NONCE = 12;

/**
 * XAES-256-GCM (C2SP): AES-256-GCM under a key that is derived from the first half of the nonce. A message's slot is the GCM slot of that
 * key, and behind it a run, for messages in parts.
 */
class XaesMode implements MessageMode {
  readonly tagLength = 16;
  readonly nonceLength = 24;
  readonly randomNonces = Number.POSITIVE_INFINITY;
  readonly covers = "ciphertext";
  readonly size: number;
  readonly #aes: AesModes;
  /** Where the run stands in a message's slot. */
  readonly #run: number;

  constructor(cipher: AesModes) {
    this.#aes = cipher;
    this.#run = cipher.gcmSize();
    this.size = this.#run + engine().exports.runSize();
  }

  checkNonce(length: number): void {
    if (length !== 24) throw new LanelockError("ERR_NONCE", `nonce has ${length} bytes, but XAES-256-GCM takes 24`);
  }

  checkLengths({ text }: MessageLengths): void {
    checkTextLength(text);
  }

  start({ key, message }: MessageSlots, _lengths: MessageLengths, comes: "at once" | "in parts"): void {
    this.#aes.xaesStart(key, message);
    if (comes === "in parts") this.#aes.gcmStart(message, message + this.#run, GCM_NONCE);
  }

  hashAad({ message }: MessageSlots, at: number, length: number): void {
    this.#aes.gcmAad(message, message + this.#run, at, length);
  }

  hashText({ message }: MessageSlots, at: number, length: number): void {
    this.#aes.gcmHashText(message, message + this.#run, at, length);
  }

  addKeystream({ message }: MessageSlots, at: number, length: number): void {
    this.#aes.gcmKeystream(message, message + this.#run, at, length);
  }

  tag({ message }: MessageSlots, at: number): void {
    this.#aes.gcmTag(message, message + this.#run, at);
  }

  receive(): void {}

  verify({ message }: MessageSlots, at: number): boolean {
    return this.#aes.gcmVerify(message, message + this.#run, at, this.tagLength) === 1;
  }

  seal({ message }: MessageSlots, data: number, { aad, text }: MessageLengths): void {
    this.#aes.gcmSeal(message, GCM_NONCE, data, aad, text);
  }

  open({ message }: MessageSlots, data: number, { aad, text }: MessageLengths): boolean {
    return this.#aes.gcmOpen(message, GCM_NONCE, data, aad, text, this.tagLength) === 1;
  }
}

/** @param key 32 bytes */
export function xaes(key: Uint8Array): WholeMessages {
  const cipher = aes();
  const description = { ...cipher, name: "XAES-256-GCM", keyLengths: [32] };
  const slot = new KeySlot(description, key, { size: cipher.xaesSize(), complete: cipher.xaesExpand });
  return new WholeMessages(new XaesMode(cipher), slot);
}
