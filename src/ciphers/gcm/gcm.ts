import { checkInto, checkOptions } from "../../engine/arguments.ts";
import { allocate, enter, failed } from "../../engine/call.ts";
import { LanelockError } from "../../errors.ts";
import { type Bytes, checkBytes, plain } from "../../shared/byte-input.ts";
import { checkNames } from "../../shared/known-names.ts";
import type { Aead, IntoOptions, Message, MessageOptions, SealStream } from "../aead/aead.ts";
import {
  aadOf,
  checkAad,
  checkNonce,
  checkSealed,
  intoOptions,
  messageOptions,
  notAuthentic,
} from "../aead/aead-arguments.ts";
import type { GcmCipher } from "../engine-binding/cipher-engine.ts";
import { KeySlot } from "../engine-binding/key-slot.ts";
import { taken } from "../engine-binding/result.ts";
import { type Backend, type BackendOption, checkBackend } from "../native/backend.ts";
import type { NativeGcm, NativeMessage } from "../native/gcm.ts";
import type { MakeNative } from "../native/native-key.ts";
import { openWithKeystream, sealWithKeystream } from "./gcm-keystream.ts";
import { checkTextLength } from "./gcm-limits.ts";
import { groups, workGroup } from "./gcm-many.ts";
import { type LongMessage, openInParts, sealInParts } from "./gcm-parts.ts";
import { GcmSealStream } from "./gcm-seal-stream.ts";
import type { MessageStart } from "./gcm-state.ts";
import { checkMessages, checkNonces } from "./many-messages.ts";
import { messageAt, textLengthAt } from "./message-columns.ts";

export interface GcmOptions {
  /** Bytes of the tag: 16 unless given; 12 to 15, or 4 or 8 under the conditions of SP 800-38D Appendix C. */
  tagLength?: 4 | 8 | 12 | 13 | 14 | 15 | 16 | undefined;
}

export interface AesGcmOptions extends GcmOptions, BackendOption {}

const TAG_LENGTHS: readonly unknown[] = [4, 8, 12, 13, 14, 15, 16];

/** A message takes one call if its nonce is not longer than this, and its additional data and text together are shorter. */
const ONE_CALL = { nonce: 256, rest: 32769 };

/** One message. Its arrays are checked, and have these lengths in bytes. */
interface CheckedMessage extends NativeMessage {
  readonly nonceLength: number;
}

/** What the options of a key say. Each is read once. */
function settingsOf(options: AesGcmOptions = {}, hasBackends = false): { tagLength: number; backend: Backend } {
  checkOptions(options);
  checkNames(options, hasBackends ? ["tagLength", "backend"] : ["tagLength"], "GCM");
  const { tagLength = 16, backend } = options;
  if (TAG_LENGTHS.includes(tagLength)) return { tagLength, backend: checkBackend(backend) };
  throw new LanelockError("ERR_ARGUMENT", `tagLength must be 4, 8, 12, 13, 14, 15 or 16 bytes, not ${tagLength}`);
}

/** Marks the AEADs of every copy of this package that a program has. */
export const AEAD = Symbol.for("lanelock.aead");

/** GCM (SP 800-38D) over either cipher. */
export class Gcm implements Aead {
  readonly tagLength: number;
  readonly #cipher: GcmCipher;
  readonly #key: KeySlot;
  readonly #native: NativeGcm | undefined;
  /** Messages with fewer bytes of additional data and text take one call of the engine. */
  readonly #shortBelow: number;
  /** Messages with so many bytes of text, but fewer than `shortBelow`, get their keystream from node:crypto. */
  readonly #keystreamFrom: number;

  /** @param native for a cipher that node:crypto has too */
  constructor(cipher: GcmCipher, key: Uint8Array, options?: AesGcmOptions, native?: MakeNative<NativeGcm>) {
    const { tagLength, backend } = settingsOf(options, native !== undefined);
    this.tagLength = tagLength;
    this.#cipher = cipher;
    this.#key = new KeySlot(cipher, key, {
      size: cipher.gcmSize(),
      complete: cipher.gcmExpand,
      keepsGiven: native !== undefined && backend !== "wasm",
    });
    this.#native = native?.(backend, this.#key);
    this.#shortBelow = Math.min(this.#native?.from.encrypting ?? ONE_CALL.rest, ONE_CALL.rest);
    this.#keystreamFrom = this.#native?.from.keystream ?? ONE_CALL.rest;
  }

  seal(nonce: Uint8Array, plaintext: Uint8Array, options?: IntoOptions): Bytes {
    const given = intoOptions(options);
    const aad = aadOf(given);
    const { into } = given;
    const slot = this.#key.address;
    const nonceLength = checkNonce(nonce);
    const aadLength = checkAad(aad);
    const length = checkBytes(plaintext, "plaintext");
    const room = into === undefined ? undefined : checkInto(into, length + this.tagLength);
    if (aadLength + length >= this.#shortBelow || nonceLength > ONE_CALL.nonce) {
      const { tagLength } = this;
      return this.#sealLong({ nonce, nonceLength, aad, aadLength, data: plaintext, length, tagLength }, room);
    }
    const native = this.#native;
    if (native !== undefined && this.#takesKeystream(nonceLength, length)) {
      const message = { nonce, aad, aadLength, data: plaintext, length, tagLength: this.tagLength };
      return sealWithKeystream({ cipher: this.#cipher, slot, native }, message, room);
    }
    const host = enter();
    try {
      const { bytes, exports, io, nonce: nonceAt } = host;
      const text = io + ((aadLength + 15) & ~15);
      bytes.set(nonce, nonceAt);
      if (aadLength > 0) bytes.set(aad, io);
      bytes.set(plaintext, text);
      this.#cipher.gcmSeal(slot, nonceLength, io, aadLength, length);
      const sealed = taken(host, text, length + this.tagLength, room);
      exports.wipe(io, (text - io + length + 31) & ~15);
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
    const slot = this.#key.address;
    const nonceLength = checkNonce(nonce);
    const aadLength = checkAad(aad);
    const length = checkSealed(sealed, this.tagLength);
    const room = into === undefined ? undefined : checkInto(into, length);
    const native = this.#native;
    let opened: Bytes | undefined;
    if (aadLength + length >= this.#shortBelow || nonceLength > ONE_CALL.nonce) {
      const { tagLength } = this;
      opened = this.#openLong({ nonce, nonceLength, aad, aadLength, data: sealed, length, tagLength }, room);
    } else if (native !== undefined && this.#takesKeystream(nonceLength, length)) {
      const message = { nonce, aad, aadLength, data: sealed, length, tagLength: this.tagLength };
      opened = openWithKeystream({ cipher: this.#cipher, slot, native }, message, room);
    } else {
      const host = enter();
      try {
        const { bytes, exports, io, nonce: nonceAt } = host;
        const text = io + ((aadLength + 15) & ~15);
        bytes.set(nonce, nonceAt);
        if (aadLength > 0) bytes.set(aad, io);
        bytes.set(sealed, text);
        const authentic = this.#cipher.gcmOpen(slot, nonceLength, io, aadLength, length, this.tagLength) === 1;
        if (authentic) opened = taken(host, text, length, room);
        exports.wipe(io, (text - io + length + 47) & ~15);
        host.busy = false;
      } catch (error) {
        throw failed(host, error);
      }
    }
    if (opened === undefined) throw notAuthentic();
    return opened;
  }

  /** Whether node:crypto makes the keystream of a message that is otherwise the engine's. */
  #takesKeystream(nonceLength: number, length: number): boolean {
    return length >= this.#keystreamFrom && nonceLength === 12 && this.#native?.servesKeystream() === true;
  }

  /** Seals a message that goes to node:crypto, or takes several calls of the engine. */
  #sealLong(message: CheckedMessage, into: Bytes | undefined): Bytes {
    checkTextLength(message.length);
    const native = this.#nativeFor(message);
    if (native !== undefined) return native.seal(message, into);
    return sealInParts(this.#inParts(message, into));
  }

  /** Opens a message that goes to node:crypto, or takes several calls of the engine. */
  #openLong(message: CheckedMessage, into: Bytes | undefined): Bytes | undefined {
    checkTextLength(message.length);
    const native = this.#nativeFor(message);
    if (native !== undefined) return native.open(message, into);
    return openInParts(this.#inParts(message, into));
  }

  /** node:crypto, if a message goes to it. */
  #nativeFor({ nonceLength, aadLength, length }: CheckedMessage): NativeGcm | undefined {
    const native = this.#native;
    if (native === undefined || aadLength + length < native.from.encrypting) return undefined;
    return native.takes(nonceLength, aadLength) ? native : undefined;
  }

  sealMany(messages: Iterable<Message>): Bytes[] {
    const checked = checkMessages(messages, 0);
    checkNonces(checked);
    const slot = this.#key.address;
    const tag = this.tagLength;
    const { words } = checked;
    const all = allocate(checked.textLength + tag * checked.nonces.length);
    const { buffer } = all;
    const sealed: Bytes[] = [];
    let at = 0;
    for (const group of groups(checked, this.#shortBelow === 0)) {
      if (group.alone) {
        const { nonce, data, aad } = messageAt(checked, group.begin);
        const one = this.seal(nonce, data, { aad, into: all.subarray(at) });
        at += one.length;
        sealed.push(one);
        continue;
      }
      workGroup(checked, group, {
        work: (first, count) => this.#cipher.gcmSealMany(slot, first, count, tag),
        take: ({ bytes }, first) => {
          const begin = at;
          for (let index = group.begin; index < group.end; index += 1) {
            const length = textLengthAt(words, index) + tag;
            sealed.push(new Uint8Array(buffer, at, length));
            at += length;
          }
          all.set(bytes.subarray(first, first + at - begin), begin);
        },
      });
    }
    return sealed;
  }

  openMany(messages: Iterable<Message>): (Bytes | LanelockError)[] {
    const checked = checkMessages(messages, this.tagLength);
    const slot = this.#key.address;
    const opened: (Bytes | LanelockError)[] = [];
    for (const group of groups(checked, this.#shortBelow === 0)) {
      if (group.alone) {
        opened.push(this.#openOne(messageAt(checked, group.begin), opened.length));
        continue;
      }
      workGroup(checked, group, {
        work: (first, count) => this.#cipher.gcmOpenMany(slot, first, count, this.tagLength),
        take: ({ bytes, exports }, first) => {
          const verdicts = exports.verdicts();
          let at = first;
          for (let index = group.begin; index < group.end; index += 1) {
            const length = textLengthAt(checked.words, index);
            const authentic = bytes[verdicts + index - group.begin] === 1;
            opened.push(authentic ? bytes.slice(at, at + length) : notAuthentic(index));
            at += length;
          }
          bytes.fill(0, verdicts, verdicts + group.end - group.begin);
        },
      });
    }
    return opened;
  }

  /** A message of `openMany` that needs a call of its own. */
  #openOne({ nonce, data, aad }: Message, index: number): Bytes | LanelockError {
    try {
      return this.open(nonce, data, { aad });
    } catch (error) {
      if (error instanceof LanelockError && error.code === "ERR_AUTHENTICATION") return notAuthentic(index);
      throw error;
    }
  }

  sealStream(nonce: Uint8Array, options?: MessageOptions): SealStream {
    return new GcmSealStream(this.start(nonce, options));
  }

  /** The start of a message for the streams. */
  start(nonce: Uint8Array, options?: MessageOptions): MessageStart {
    const aad = aadOf(messageOptions(options));
    void this.#key.address;
    checkNonce(nonce);
    checkAad(aad);
    return this.#start(nonce, aad);
  }

  get [AEAD](): true {
    return true;
  }

  dispose(): void {
    this.#native?.drop();
    this.#key.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Written out, not spread from `#start`: Node 20 finds the properties of such an object anew each time, in 0.7 µs. */
  #inParts({ nonce, aad, data, tagLength }: CheckedMessage, into: Bytes | undefined): LongMessage {
    const [cipher, key] = [this.#cipher, this.#key];
    return { cipher, key, nonce: plain(nonce), aad: plain(aad), tagLength, data: plain(data), into };
  }

  #start(nonce: Uint8Array, aad: Uint8Array): MessageStart {
    const [cipher, key, tagLength] = [this.#cipher, this.#key, this.tagLength];
    return { cipher, key, nonce: plain(nonce), aad: plain(aad), tagLength };
  }
}
