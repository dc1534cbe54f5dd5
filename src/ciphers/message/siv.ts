import { checkInto, checkOptions, readableWhileWriting } from "../../engine/arguments.ts";
import { allocate, inCall } from "../../engine/call.ts";
import type { Engine } from "../../engine/load.ts";
import { eachPart } from "../../engine/parts.ts";
import { releaseSlot, takeSlot } from "../../engine/slots.ts";
import { LanelockError } from "../../errors.ts";
import { type Bytes, callersBytes } from "../../shared/byte-input.ts";
import { checkNames } from "../../shared/known-names.ts";
import { checkSealed, notAuthentic } from "../aead/aead-arguments.ts";
import { RANDOM_NONCES, type RandomNonces } from "../aead/random-nonces.ts";
import { KeySlot } from "../engine-binding/key-slot.ts";
import type { AesModes } from "../engine-binding/modes-engine.ts";

/** Options of one message of {@link AesSiv}. */
export interface SivOptions {
  /** Additional data: authenticated, not encrypted, any number of arrays up to 126, of any length. Their order and number count. */
  aad?: readonly Uint8Array[] | undefined;
  /** A nonce of any length, at least 1 byte: the last component that is authenticated. It counts among the 126. */
  nonce?: Uint8Array | undefined;
  /** Where to write the result instead of allocating. It may overlap the input at any offset. */
  into?: Uint8Array | undefined;
}

const NAMES = ["aad", "nonce", "into"];

/** What S2V takes besides the plaintext (RFC 5297 §2.6, §7). */
const MOST_COMPONENTS = 126;

const TAG = 16;

/** Bytes that go through the engine in one part. */
const AT_ONCE = 32768;

/** What a message's options come to: plain arrays. */
interface SivMessage {
  readonly components: readonly Bytes[];
  readonly into: Uint8Array | undefined;
}

/** Reads each option once. */
function read(options: SivOptions | undefined): SivMessage {
  checkOptions(options);
  if (options === undefined) return { components: [], into: undefined };
  checkNames(options, NAMES, "A message");
  const { aad = [], nonce, into } = options;
  if (!Array.isArray(aad)) {
    throw new LanelockError("ERR_ARGUMENT", "aad must be an array of Uint8Arrays: AES-SIV takes any number of them");
  }
  const { length } = aad;
  const count = length + (nonce === undefined ? 0 : 1);
  if (count > MOST_COMPONENTS) {
    const found = `aad and nonce are ${count} arrays`;
    throw new LanelockError("ERR_LIMIT", `${found}, but AES-SIV takes at most ${MOST_COMPONENTS}: join some`);
  }
  // By index: an iterator of the caller's may not end. All are read before one is checked, because reading may run code.
  const given: unknown[] = Array.from({ length }, (_, index) => aad[index]);
  if (nonce !== undefined) given.push(nonce);
  const isNonce = (index: number) => index === length;
  const components = given.map((bytes, index) => callersBytes(bytes, isNonce(index) ? "nonce" : `aad[${index}]`));
  if (nonce !== undefined && components.at(-1)?.length === 0) {
    throw new LanelockError("ERR_NONCE", "nonce has no bytes: leave it out, or take 1 or more, best 16");
  }
  return { components, into };
}

/**
 * AES-SIV (RFC 5297): deterministic authenticated encryption. Without a nonce, equal messages have equal ciphertexts, which is all that
 * they reveal.
 *
 * @example
 * using siv = aesSiv(key);
 * const sealed = siv.seal(plaintext, { aad: [table, column] });
 * const opened = siv.open(sealed, { aad: [table, column] });
 */
export class AesSiv {
  /** Bytes of V, which precedes every ciphertext. */
  readonly tagLength = TAG;
  /** Bytes of the nonce that `managedNonce` draws. */
  readonly nonceLength = 16;
  readonly #aes: AesModes;
  readonly #key: KeySlot;

  constructor(cipher: AesModes, key: Uint8Array) {
    const half = cipher.size();
    const expand = (slot: number, at: number, length: number) => {
      cipher.expand(slot, at, length / 2);
      cipher.expand(slot + half, at + length / 2, length / 2);
    };
    const description = { name: "AES-SIV", keyLengths: [32, 48, 64], size: cipher.size, expand };
    this.#aes = cipher;
    this.#key = new KeySlot(description, key, { size: cipher.sivSize(), complete: cipher.sivExpand });
  }

  /**
   * Encrypts and authenticates (RFC 5297 §2.6).
   *
   * @returns V ‖ ciphertext, `plaintext.length + 16` bytes; with `into`, the part of it that was written
   * @throws LanelockError `ERR_NONCE`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  seal(plaintext: Uint8Array, options?: SivOptions): Bytes {
    const { components, into } = read(options);
    const key = this.#key.address;
    const data = callersBytes(plaintext, "plaintext");
    const sealed = into === undefined ? allocate(data.length + TAG) : checkInto(into, data.length + TAG);
    const ciphertext = sealed.subarray(TAG);
    const input = readableWhileWriting(data, ciphertext);
    const tag = new Uint8Array(TAG);
    try {
      this.#inMessage(key, components, (host, run) => {
        const { bytes, io } = host;
        this.#hashText(host, key, run, input);
        this.#aes.sivTag(run, io);
        tag.set(bytes.subarray(io, io + TAG));
        this.#aes.sivReceive(run, io);
        bytes.fill(0, io, io + TAG);
        this.#addKeystream(host, key, run, { from: input, to: ciphertext });
      });
    } finally {
      if (input !== data) input.fill(0);
    }
    // Last: `into` may overlap the plaintext.
    sealed.set(tag);
    return sealed;
  }

  /**
   * Verifies and decrypts (RFC 5297 §2.7). Nothing is written to `into` or returned unless V is right.
   *
   * @param sealed V ‖ ciphertext
   * @returns the plaintext; with `into`, the part of it that was written
   * @throws LanelockError `ERR_AUTHENTICATION` if key, nonce, additional data or `sealed` is not what was sealed; `ERR_LENGTH` if
   *   `sealed` is shorter than V; otherwise as `seal`
   */
  open(sealed: Uint8Array, options?: SivOptions): Bytes {
    const { components, into } = read(options);
    const key = this.#key.address;
    const length = checkSealed(sealed, TAG);
    const data = callersBytes(sealed, "sealed");
    const room = into === undefined ? undefined : checkInto(into, length);
    const opened = allocate(length);
    let authentic = false;
    try {
      this.#inMessage(key, components, (host, run) => {
        const { bytes, io } = host;
        bytes.set(data.subarray(0, TAG), io);
        this.#aes.sivReceive(run, io);
        this.#addKeystream(host, key, run, { from: data.subarray(TAG), to: opened });
        this.#hashText(host, key, run, opened);
        bytes.set(data.subarray(0, TAG), io);
        authentic = this.#aes.sivVerify(run, io) === 1;
        bytes.fill(0, io, io + TAG);
      });
      if (!authentic) throw notAuthentic();
      if (room === undefined) return opened;
      room.set(opened);
      return room;
    } finally {
      if (!authentic || room !== undefined) opened.fill(0);
    }
  }

  /** A call of the engine for one message, which begins with its components. */
  #inMessage(key: number, components: readonly Bytes[], work: (host: Engine, run: number) => void): void {
    inCall((host) => {
      const slot = takeSlot(host, this.#aes.sivStateSize());
      const run = slot.address;
      this.#aes.sivStart(key, run);
      for (const component of components) {
        // The last part has a byte at least, unless the component has none.
        const before = component.length <= AT_ONCE ? 0 : component.length - (component.length % 16 || 16);
        this.#hashParts(host, key, run, component.subarray(0, before));
        inIo(host, component.subarray(before), (at, length) => this.#aes.sivComponent(key, run, at, length));
      }
      work(host, run);
      releaseSlot(host, slot);
    });
  }

  /** Parts of a component that are not its last: a multiple of 16 bytes. */
  #hashParts(host: Engine, key: number, run: number, data: Bytes): void {
    eachPart(host, data, (length) => this.#aes.sivPart(key, run, host.io, length));
  }

  /** The plaintext: its last part has 16 bytes at least, unless all of it has fewer. */
  #hashText(host: Engine, key: number, run: number, data: Bytes): void {
    const before = data.length <= AT_ONCE ? 0 : data.length - 16 - (data.length % 16);
    this.#hashParts(host, key, run, data.subarray(0, before));
    inIo(host, data.subarray(before), (at, length) => this.#aes.sivText(key, run, at, length));
  }

  #addKeystream(host: Engine, key: number, run: number, { from, to }: { from: Bytes; to: Bytes }): void {
    const { bytes, io } = host;
    eachPart(host, from, (length, offset) => {
      this.#aes.sivKeystream(key, run, io, length);
      to.set(bytes.subarray(io, io + length), offset);
    });
  }

  get [RANDOM_NONCES](): RandomNonces {
    return {
      nonceLength: this.nonceLength,
      limit: Number.POSITIVE_INFINITY,
      seal: (nonce, plaintext, options) => this.seal(plaintext, { ...options, nonce }),
      open: (nonce, sealed, options) => this.open(sealed, { ...options, nonce }),
    };
  }

  /** Wipes both keys. Harmless when repeated; every other call then throws `ERR_STATE`. */
  dispose(): void {
    this.#key.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** `use` of bytes that fit in the engine's IO. */
function inIo({ bytes, io }: Engine, data: Bytes, use: (at: number, length: number) => void): void {
  bytes.set(data, io);
  use(io, data.length);
  bytes.fill(0, io, io + data.length);
}
