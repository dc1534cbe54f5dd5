import { engine } from "../engine/load.ts";
import { eachPart } from "../engine/parts.ts";
import { giveBackSlot, takeSlot } from "../engine/slots.ts";
import { LanelockError } from "../errors.ts";
import type { Bytes } from "../shared/byte-input.ts";
import type { CipherEngine } from "./cipher-engine.ts";
import type { KeySlot } from "./key-slot.ts";

/** Plaintext bytes that one nonce may encrypt: 2^39 − 256 bits (SP 800-38D §5.2.1.1). */
const TEXT_LIMIT = 2 ** 36 - 32;

/** @throws LanelockError `ERR_LIMIT` beyond what GCM may encrypt under one nonce */
export function checkTextLength(length: number): void {
  if (length > TEXT_LIMIT) {
    throw new LanelockError("ERR_LIMIT", `GCM takes at most ${TEXT_LIMIT} bytes under one nonce: split the message`);
  }
}

/** Wipes the runs of streams that were dropped unfinished. */
const dropped = new FinalizationRegistry<number>(giveBackSlot);

/**
 * One GCM message that does not go through the engine in one call: nonce and additional data are taken in at once, the text
 * part by part. All parts but the last have a multiple of 16 bytes, and none more than `ioSize()`.
 */
export class GcmState {
  readonly #cipher: CipherEngine;
  readonly #key: KeySlot;
  readonly #run: number;
  readonly #io: number;
  #length = 0;
  #live = true;

  constructor(cipher: CipherEngine, key: KeySlot, message: { nonce: Bytes; aad: Bytes }) {
    this.#cipher = cipher;
    this.#key = key;
    const { exports, io } = engine();
    this.#io = io;
    const slot = key.address;
    const run = takeSlot(exports.runSize());
    this.#run = run;
    dropped.register(this, run, this);
    this.#start(slot, message.nonce);
    eachPart(message.aad, (length) => cipher.gcmAad(slot, run, this.#io, length));
  }

  #start(slot: number, nonce: Bytes): void {
    const { exports, bytes, nonce: nonceAt } = engine();
    if (nonce.length <= exports.nonceSize()) {
      bytes.set(nonce, nonceAt);
      this.#cipher.gcmStart(slot, this.#run, nonce.length);
    } else {
      eachPart(nonce, (length) => this.#cipher.gcmHashNonce(slot, this.#run, this.#io, length));
      this.#cipher.gcmStartHashed(slot, this.#run, nonce.length);
    }
  }

  /** @throws LanelockError `ERR_STATE` once the message has ended or the key is disposed of, `ERR_LIMIT` if `length` bytes more are too many */
  checkRoom(length: number): void {
    if (!this.#live) throw new LanelockError("ERR_STATE", "This message has ended: begin another");
    void this.#key.address;
    checkTextLength(this.#length + length);
  }

  #count(length: number): void {
    this.checkRoom(length);
    this.#length += length;
  }

  /** Encrypts `length` bytes that stand in the engine's IO, in place. */
  encrypt(length: number): void {
    const slot = this.#key.address;
    this.#count(length);
    this.#cipher.gcmKeystream(slot, this.#run, this.#io, length);
    this.#cipher.gcmHashText(slot, this.#run, this.#io, length);
  }

  /** Hashes `length` bytes of ciphertext that stand in IO. */
  hash(length: number): void {
    const slot = this.#key.address;
    this.#count(length);
    this.#cipher.gcmHashText(slot, this.#run, this.#io, length);
  }

  /** Decrypts `length` bytes in IO that are hashed already, in place. */
  decrypt(length: number): void {
    this.#cipher.gcmKeystream(this.#key.address, this.#run, this.#io, length);
  }

  /** The tag, 16 bytes, to `at` in the engine's memory. */
  tag(at: number): void {
    const slot = this.#key.address;
    this.#count(0);
    this.#cipher.gcmTag(slot, this.#run, at);
  }

  /** Whether `tag` is the message's. The keystream can still be used. */
  verify(tag: Bytes): boolean {
    const slot = this.#key.address;
    this.#count(0);
    const { bytes } = engine();
    bytes.set(tag, this.#io);
    const authentic = this.#cipher.gcmVerify(slot, this.#run, this.#io, tag.length) === 1;
    bytes.fill(0, this.#io, this.#io + tag.length);
    return authentic;
  }

  /** Wipes the message's state. */
  dispose(): void {
    if (!this.#live) return;
    this.#live = false;
    dropped.unregister(this);
    giveBackSlot(this.#run);
  }
}
