import { inCall } from "../../engine/call.ts";
import type { Engine } from "../../engine/load.ts";
import { giveBackSlot, handOver } from "../../engine/owners.ts";
import { eachPart } from "../../engine/parts.ts";
import { closeSlot, openSlot, releaseSlot, type Slot, takeSlot } from "../../engine/slots.ts";
import { LanelockError } from "../../errors.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import type { GcmCipher } from "../engine-binding/cipher-engine.ts";
import type { KeySlot } from "../engine-binding/key-slot.ts";
import { checkTextLength } from "./gcm-limits.ts";

/** The start of a message. Everything is checked, and in plain arrays. */
export interface MessageStart {
  readonly cipher: GcmCipher;
  readonly key: KeySlot;
  readonly nonce: Bytes;
  readonly aad: Bytes;
  readonly tagLength: number;
}

/**
 * One GCM message that takes several calls of the engine: first nonce and additional data, then the text part by part. Every part
 * but the last is a multiple of 16 bytes, and none is longer than `ioSize()`. Call all methods except `begin`, `use`, `checkRoom`
 * and `dispose` within a call of the engine.
 */
export class GcmState {
  readonly #cipher: GcmCipher;
  readonly #key: KeySlot;
  readonly #slot: Slot;
  readonly #io: number;
  #length = 0;

  /** For a message that ends within the same call, with `release`. */
  constructor(host: Engine, { cipher, key, nonce, aad }: MessageStart) {
    this.#cipher = cipher;
    this.#key = key;
    this.#io = host.io;
    this.#slot = takeSlot(host, host.exports.runSize());
    this.#start(host, nonce);
    eachPart(host, aad, (length) => cipher.gcmAad(key.address, this.#slot.address, host.io, length));
  }

  /** Begins a message that later calls continue. */
  static begin(start: MessageStart): GcmState {
    return inCall((host) => {
      const state = new GcmState(host, start);
      handOver(state.#slot, state);
      return state;
    });
  }

  #start(host: Engine, nonce: Bytes): void {
    const { exports, bytes, nonce: nonceAt } = host;
    const [key, run] = [this.#key.address, this.#slot.address];
    if (nonce.length <= exports.nonceSize()) {
      bytes.set(nonce, nonceAt);
      this.#cipher.gcmStart(key, run, nonce.length);
    } else {
      exports.wipe(run, exports.runSize());
      eachPart(host, nonce, (length) => this.#cipher.gcmHashNonce(key, run, this.#io, length));
      this.#cipher.gcmStartHashed(key, run, nonce.length);
    }
  }

  /**
   * One call of the engine that continues the message. If it is interrupted, the message has ended, because its position in the text
   * is unknown.
   */
  use(work: (host: Engine) => void): void {
    inCall((host) => {
      openSlot(this.#slot);
      work(host);
      if (this.#slot.state === "taken") closeSlot(this.#slot);
    });
  }

  /** Whether the message can continue. */
  get live(): boolean {
    return this.#slot.state === "live";
  }

  /** @throws LanelockError `ERR_STATE` once the message has ended or the key is disposed of, `ERR_LIMIT` if `length` bytes more are too many */
  checkRoom(length: number): void {
    if (!this.live) throw new LanelockError("ERR_STATE", "This message has ended: begin another");
    void this.#key.address;
    checkTextLength(this.#length + length);
  }

  /** Encrypts `length` bytes in the engine's IO, in place. */
  encrypt(length: number): void {
    this.#length += length;
    this.#cipher.gcmKeystream(this.#key.address, this.#slot.address, this.#io, length);
    this.#cipher.gcmHashText(this.#key.address, this.#slot.address, this.#io, length);
  }

  /** Hashes `length` bytes of ciphertext in IO. */
  hash(length: number): void {
    this.#length += length;
    this.#cipher.gcmHashText(this.#key.address, this.#slot.address, this.#io, length);
  }

  /** Decrypts `length` bytes in IO that were already hashed, in place. */
  decrypt(length: number): void {
    this.#cipher.gcmKeystream(this.#key.address, this.#slot.address, this.#io, length);
  }

  /** Writes the tag to `to`, whose length it has. Nothing may be hashed afterwards. */
  tag(host: Engine, to: Bytes): void {
    const { bytes, io } = host;
    this.#cipher.gcmTag(this.#key.address, this.#slot.address, io);
    to.set(bytes.subarray(io, io + to.length));
    bytes.fill(0, io, io + 16);
  }

  /** Whether `tag` is the message's. The keystream can still be used. */
  verify(host: Engine, tag: Bytes): boolean {
    const { bytes, io } = host;
    bytes.set(tag, io);
    const authentic = this.#cipher.gcmVerify(this.#key.address, this.#slot.address, io, tag.length) === 1;
    bytes.fill(0, io, io + tag.length);
    return authentic;
  }

  /** Ends the message within a call of the engine, and wipes its state. */
  release(host: Engine): void {
    releaseSlot(host, this.#slot);
  }

  /** Ends the message and wipes its state. */
  dispose(): void {
    giveBackSlot(this.#slot);
  }
}
