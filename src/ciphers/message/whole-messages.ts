import { checkInto } from "../../engine/arguments.ts";
import { enter, failed } from "../../engine/call.ts";
import { releaseSlot, takeSlot } from "../../engine/slots.ts";
import { type Bytes, checkBytes, plain } from "../../shared/byte-input.ts";
import type { IntoOptions } from "../aead/aead.ts";
import { aadOf, checkAad, checkSealed, intoOptions, notAuthentic } from "../aead/aead-arguments.ts";
import type { MessageAead } from "../aead/message-aead.ts";
import { RANDOM_NONCES, type RandomNonces } from "../aead/random-nonces.ts";
import type { KeySlot } from "../engine-binding/key-slot.ts";
import { taken } from "../engine-binding/result.ts";
import { type MessageMode, textAfter } from "./message-mode.ts";
import { openInParts, sealInParts } from "./message-parts.ts";

/** A message takes one call if its additional data and text together are not longer than this. */
const ONE_CALL = 32768;

/** An AEAD that seals one message at a time, by its mode. */
export class WholeMessages implements MessageAead {
  readonly tagLength: number;
  readonly nonceLength: number;
  readonly #mode: MessageMode;
  readonly #key: KeySlot;

  constructor(mode: MessageMode, key: KeySlot) {
    this.tagLength = mode.tagLength;
    this.nonceLength = mode.nonceLength;
    this.#mode = mode;
    this.#key = key;
  }

  seal(nonce: Uint8Array, plaintext: Uint8Array, options?: IntoOptions): Bytes {
    const given = intoOptions(options);
    const aad = aadOf(given);
    const { into } = given;
    const [key, mode, tag] = [this.#key.address, this.#mode, this.tagLength];
    const lengths = { nonce: this.#checkNonce(nonce), aad: checkAad(aad), text: checkBytes(plaintext, "plaintext") };
    mode.checkLengths(lengths);
    const room = into === undefined ? undefined : checkInto(into, lengths.text + tag);
    if (lengths.aad + lengths.text > ONE_CALL) {
      const parts = { nonce: plain(nonce), aad: plain(aad), data: plain(plaintext), into: room };
      return sealInParts({ mode, key, lengths, ...parts });
    }
    const host = enter();
    try {
      // First: it may renew the host's view of memory.
      const slot = takeSlot(host, mode.size);
      const { bytes, exports, io } = host;
      const slots = { key, message: slot.address };
      const text = textAfter(io, lengths.aad);
      bytes.set(nonce, host.nonce);
      bytes.set(aad, io);
      bytes.set(plaintext, text);
      mode.start(slots, lengths, "at once");
      mode.seal(slots, io, lengths);
      const sealed = taken(host, text, lengths.text + tag, room);
      exports.wipe(io, (text - io + lengths.text + 31) & ~15);
      releaseSlot(host, slot);
      host.busy = false;
      return sealed;
    } catch (error) {
      throw failed(host, error);
    }
  }

  open(nonce: Uint8Array, sealed: Uint8Array, options?: IntoOptions): Bytes {
    const given = intoOptions(options);
    const aad = aadOf(given);
    const { into } = given;
    const [key, mode, tag] = [this.#key.address, this.#mode, this.tagLength];
    const lengths = { nonce: this.#checkNonce(nonce), aad: checkAad(aad), text: checkSealed(sealed, tag) };
    mode.checkLengths(lengths);
    const room = into === undefined ? undefined : checkInto(into, lengths.text);
    let opened: Bytes | undefined;
    if (lengths.aad + lengths.text > ONE_CALL) {
      const parts = { nonce: plain(nonce), aad: plain(aad), data: plain(sealed), into: room };
      opened = openInParts({ mode, key, lengths, ...parts });
    } else {
      const host = enter();
      try {
        const slot = takeSlot(host, mode.size);
        const { bytes, exports, io } = host;
        const slots = { key, message: slot.address };
        const text = textAfter(io, lengths.aad);
        bytes.set(nonce, host.nonce);
        bytes.set(aad, io);
        bytes.set(sealed, text);
        mode.start(slots, lengths, "at once");
        if (mode.open(slots, io, lengths)) opened = taken(host, text, lengths.text, room);
        exports.wipe(io, (text - io + lengths.text + 47) & ~15);
        releaseSlot(host, slot);
        host.busy = false;
      } catch (error) {
        throw failed(host, error);
      }
    }
    if (opened === undefined) throw notAuthentic();
    return opened;
  }

  #checkNonce(nonce: Uint8Array): number {
    const length = checkBytes(nonce, "nonce");
    this.#mode.checkNonce(length);
    return length;
  }

  get [RANDOM_NONCES](): RandomNonces {
    return {
      nonceLength: this.nonceLength,
      limit: this.#mode.randomNonces,
      seal: (nonce, plaintext, options) => this.seal(nonce, plaintext, options),
      open: (nonce, sealed, options) => this.open(nonce, sealed, options),
    };
  }

  dispose(): void {
    this.#key.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
