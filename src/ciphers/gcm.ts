import { checkInto, checkOptions, readableWhileWriting } from "../engine/arguments.ts";
import { engine } from "../engine/load.ts";
import { eachPart } from "../engine/parts.ts";
import { LanelockError } from "../errors.ts";
import { type Bytes, checkBytes, plain } from "../shared/byte-input.ts";
import type { Aead, IntoOptions, Message, MessageOptions, SealStream } from "./aead.ts";
import type { CipherEngine } from "./cipher-engine.ts";
import { checkMessages, groups, workGroup } from "./gcm-many.ts";
import { GcmSealStream } from "./gcm-seal-stream.ts";
import { checkTextLength, GcmState } from "./gcm-state.ts";
import { KeySlot } from "./key-slot.ts";

export interface GcmOptions {
  /** Bytes of the tag: 16 unless given; 12 to 15, or 4 or 8 under the conditions of SP 800-38D Appendix C. */
  tagLength?: 4 | 8 | 12 | 13 | 14 | 15 | 16 | undefined;
}

/** Both are plain. */
interface CheckedMessage {
  nonce: Bytes;
  aad: Bytes;
}

const TAG_LENGTHS: readonly unknown[] = [4, 8, 12, 13, 14, 15, 16];
const NOTHING = new Uint8Array(0);
const NO_OPTIONS: IntoOptions = {};

/** Up to so many bytes of nonce, and of additional data and text together, a message takes one call. */
const ONE_CALL = { nonce: 256, rest: 32768 };

/** GCM (SP 800-38D) over either cipher. */
export class Gcm implements Aead {
  readonly tagLength: number;
  readonly #cipher: CipherEngine;
  readonly #key: KeySlot;

  constructor(cipher: CipherEngine, key: Uint8Array, options?: GcmOptions) {
    checkOptions(options);
    const { tagLength = 16 } = options ?? {};
    if (!TAG_LENGTHS.includes(tagLength)) {
      throw new LanelockError("ERR_ARGUMENT", `tagLength must be 4, 8, 12, 13, 14, 15 or 16 bytes, not ${tagLength}`);
    }
    this.tagLength = tagLength;
    this.#cipher = cipher;
    this.#key = new KeySlot(cipher, key, true);
  }

  seal(nonce: Uint8Array, plaintext: Uint8Array, options?: IntoOptions): Bytes {
    checkOptions(options);
    const { aad = NOTHING, into } = options ?? NO_OPTIONS;
    const slot = this.#key.address;
    const nonceLength = checkNonce(nonce);
    const aadLength = checkAad(aad);
    const length = checkBytes(plaintext, "plaintext");
    checkTextLength(length);
    const room = into === undefined ? undefined : checkInto(into, length + this.tagLength);
    if (aadLength + length > ONE_CALL.rest || nonceLength > ONE_CALL.nonce) {
      return this.#sealInParts({ nonce: plain(nonce), aad: plain(aad) }, plain(plaintext), room);
    }
    const { bytes, io, nonce: nonceAt } = engine();
    const text = io + ((aadLength + 15) & ~15);
    bytes.set(nonce, nonceAt);
    if (aadLength > 0) bytes.set(aad, io);
    bytes.set(plaintext, text);
    this.#cipher.gcmSeal(slot, nonceLength, io, aadLength, length);
    const sealed = taken(bytes, { at: text, length: length + this.tagLength, into: room });
    clear(text + length + 16);
    return sealed;
  }

  open(nonce: Uint8Array, sealed: Uint8Array, options?: IntoOptions): Bytes {
    checkOptions(options);
    const { aad = NOTHING, into } = options ?? NO_OPTIONS;
    const slot = this.#key.address;
    const nonceLength = checkNonce(nonce);
    const aadLength = checkAad(aad);
    const length = this.#textLength(checkBytes(sealed, "sealed"));
    const room = into === undefined ? undefined : checkInto(into, length);
    if (aadLength + length > ONE_CALL.rest || nonceLength > ONE_CALL.nonce) {
      return this.#openInParts({ nonce: plain(nonce), aad: plain(aad) }, plain(sealed), room);
    }
    const { bytes, io, nonce: nonceAt } = engine();
    const text = io + ((aadLength + 15) & ~15);
    bytes.set(nonce, nonceAt);
    if (aadLength > 0) bytes.set(aad, io);
    bytes.set(sealed, text);
    const authentic = this.#cipher.gcmOpen(slot, nonceLength, io, aadLength, length, this.tagLength) === 1;
    const opened = authentic ? taken(bytes, { at: text, length, into: room }) : undefined;
    clear(text + length + 32);
    if (opened === undefined) throw notAuthentic();
    return opened;
  }

  sealMany(messages: Iterable<Message>): Bytes[] {
    const checked = checkMessages(messages, 0);
    const slot = this.#key.address;
    const tag = this.tagLength;
    const all = new Uint8Array(checked.reduce((sum, { length }) => sum + length + tag, 0));
    const sealed: Bytes[] = [];
    let end = 0;
    const next = (length: number) => {
      const view = new Uint8Array(all.buffer, end, length + tag);
      end += length + tag;
      sealed.push(view);
      return view;
    };
    for (const group of groups(checked)) {
      if (group.alone) {
        const { nonce, data, aad, length } = group.alone;
        this.seal(nonce, data, { aad, into: next(length) });
        continue;
      }
      workGroup(group.shared, {
        work: (first, count) => this.#cipher.gcmSealMany(slot, first, count, tag),
        take: ({ bytes }, first) => {
          const begin = end;
          for (const { length } of group.shared) next(length);
          all.set(bytes.subarray(first, first + end - begin), begin);
        },
      });
    }
    return sealed;
  }

  openMany(messages: Iterable<Message>): (Bytes | LanelockError)[] {
    const checked = checkMessages(messages, this.tagLength);
    const slot = this.#key.address;
    const opened: (Bytes | LanelockError)[] = [];
    for (const group of groups(checked)) {
      if (group.alone) {
        opened.push(this.#openOne(group.alone, opened.length));
        continue;
      }
      workGroup(group.shared, {
        work: (first, count) => this.#cipher.gcmOpenMany(slot, first, count, this.tagLength),
        take: ({ bytes, exports }, first) => {
          const verdicts = exports.verdicts();
          let at = first;
          for (const [i, { length }] of group.shared.entries()) {
            const authentic = bytes[verdicts + i] === 1;
            opened.push(authentic ? bytes.slice(at, at + length) : notAuthentic(`messages[${opened.length}]`));
            at += length;
          }
          bytes.fill(0, verdicts, verdicts + group.shared.length);
        },
      });
    }
    return opened;
  }

  /** A message of `openMany` that goes alone. */
  #openOne({ nonce, data, aad }: Message, index: number): Bytes | LanelockError {
    try {
      return this.open(nonce, data, { aad });
    } catch (error) {
      if (error instanceof LanelockError && error.code === "ERR_AUTHENTICATION")
        return notAuthentic(`messages[${index}]`);
      throw error;
    }
  }

  sealStream(nonce: Uint8Array, options?: MessageOptions): SealStream {
    return new GcmSealStream(this.startRun(nonce, options), this.tagLength);
  }

  /** Begins a message part by part: for the streams, which own the run. */
  startRun(nonce: Uint8Array, options?: MessageOptions): GcmState {
    checkOptions(options);
    const { aad = NOTHING } = options ?? NO_OPTIONS;
    checkNonce(nonce);
    checkAad(aad);
    return new GcmState(this.#cipher, this.#key, { nonce: plain(nonce), aad: plain(aad) });
  }

  dispose(): void {
    this.#key.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @throws LanelockError `ERR_LENGTH`, `ERR_LIMIT` */
  #textLength(sealedLength: number): number {
    const length = sealedLength - this.tagLength;
    if (length < 0) {
      throw new LanelockError(
        "ERR_LENGTH",
        `sealed has ${sealedLength} bytes, fewer than its tag of ${this.tagLength}`,
      );
    }
    checkTextLength(length);
    return length;
  }

  #sealInParts(message: CheckedMessage, plaintext: Bytes, into: Bytes | undefined): Bytes {
    const sealed = into ?? new Uint8Array(plaintext.length + this.tagLength);
    const input = readableWhileWriting(plaintext, into);
    const run = new GcmState(this.#cipher, this.#key, message);
    try {
      const { bytes, io } = engine();
      eachPart(input, (part, offset) => {
        run.encrypt(part);
        sealed.set(bytes.subarray(io, io + part), offset);
      });
      run.tag(io);
      sealed.set(bytes.subarray(io, io + this.tagLength), plaintext.length);
      bytes.fill(0, io, io + 16);
    } finally {
      run.dispose();
      if (input !== plaintext) input.fill(0);
    }
    return sealed;
  }

  /** In two passes, so that nothing is decrypted before all of it is known to be authentic. */
  #openInParts(message: CheckedMessage, sealed: Bytes, into: Bytes | undefined): Bytes {
    const length = sealed.length - this.tagLength;
    const input = readableWhileWriting(sealed.subarray(0, length), into);
    const run = new GcmState(this.#cipher, this.#key, message);
    try {
      eachPart(input, (part) => run.hash(part));
      if (!run.verify(sealed.subarray(length))) throw notAuthentic();
      const opened = into ?? new Uint8Array(length);
      const { bytes, io } = engine();
      eachPart(input, (part, offset) => {
        run.decrypt(part);
        opened.set(bytes.subarray(io, io + part), offset);
      });
      return opened;
    } finally {
      run.dispose();
    }
  }
}

function checkNonce(nonce: Uint8Array): number {
  const length = checkBytes(nonce, "nonce");
  if (length === 0) throw new LanelockError("ERR_NONCE", "nonce has no bytes: GCM takes 1 or more, best 12");
  return length;
}

function checkAad(aad: Uint8Array): number {
  return aad === NOTHING ? 0 : checkBytes(aad, "aad");
}

function notAuthentic(what = "The message"): LanelockError {
  return new LanelockError(
    "ERR_AUTHENTICATION",
    `${what} is not authentic: the key, nonce, additional data, ciphertext or tag is not the one that was sealed`,
  );
}

interface Result {
  at: number;
  length: number;
  /** Has `length` bytes. */
  into: Bytes | undefined;
}

/** The result at `at` in the engine's memory, copied out. */
function taken(bytes: Bytes, { at, length, into }: Result): Bytes {
  if (into === undefined) return bytes.slice(at, at + length);
  into.set(bytes.subarray(at, at + length));
  return into;
}

/** Wipes IO up to `end`. */
function clear(end: number): void {
  const { exports, io } = engine();
  exports.wipe(io, (end - io + 15) & ~15);
}
