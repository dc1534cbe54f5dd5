// Whole messages that are too long for one call into WebAssembly.
import { readableWhileWriting } from "../../engine/arguments.ts";
import { allocate, inCall } from "../../engine/call.ts";
import type { Engine } from "../../engine/load.ts";
import { eachPart } from "../../engine/parts.ts";
import { releaseSlot, takeSlot } from "../../engine/slots.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import type { MessageLengths, MessageMode, MessageSlots } from "./message-mode.ts";

/** Everything in it is checked, and plain. */
export interface LongMessage {
  readonly mode: MessageMode;
  /** The address of the key's slot. */
  readonly key: number;
  readonly lengths: MessageLengths;
  readonly nonce: Bytes;
  readonly aad: Bytes;
  /** Plaintext, or ciphertext ‖ tag. */
  readonly data: Bytes;
  /** The memory for the result, of exactly its length. */
  readonly into: Bytes | undefined;
}

/** A call of the engine for one message, which begins with nonce and additional data. */
function inMessage<T>(message: LongMessage, work: (host: Engine, slots: MessageSlots) => T): T {
  const { mode, key, lengths, nonce, aad } = message;
  return inCall((host) => {
    const slot = takeSlot(host, mode.size);
    const slots = { key, message: slot.address };
    host.bytes.set(nonce, host.nonce);
    mode.start(slots, lengths, "in parts");
    eachPart(host, aad, (length) => mode.hashAad(slots, host.io, length));
    const result = work(host, slots);
    releaseSlot(host, slot);
    return result;
  });
}

/** Has `work` done on each part of `from` in IO, and copies to `to` what it leaves there. */
function transformParts(host: Engine, from: Bytes, to: Bytes, work: (at: number, length: number) => void): void {
  const { bytes, io } = host;
  eachPart(host, from, (length, offset) => {
    work(io, length);
    to.set(bytes.subarray(io, io + length), offset);
  });
}

/** `use` of the engine's IO, which holds `tag` at its beginning. */
function withTag<T>({ bytes, io }: Engine, tag: Bytes, use: (at: number) => T): T {
  bytes.set(tag, io);
  const result = use(io);
  bytes.fill(0, io, io + 16);
  return result;
}

/** Ciphertext ‖ tag. */
export function sealInParts(message: LongMessage): Bytes {
  const { mode, lengths, data, into } = message;
  const sealed = into ?? allocate(data.length + mode.tagLength);
  const input = readableWhileWriting(data, into);
  const tag = new Uint8Array(16);
  try {
    inMessage(message, (host, slots) => {
      const { bytes, io } = host;
      if (mode.covers === "plaintext") eachPart(host, input, (length) => mode.hashText(slots, io, length));
      const makeTag = () => {
        mode.tag(slots, io, lengths);
        tag.set(bytes.subarray(io, io + 16));
        bytes.fill(0, io, io + 16);
      };
      if (mode.covers === "plaintext") makeTag();
      transformParts(host, input, sealed, (at, length) => {
        mode.addKeystream(slots, at, length);
        if (mode.covers === "ciphertext") mode.hashText(slots, at, length);
      });
      if (mode.covers === "ciphertext") makeTag();
    });
  } finally {
    if (input !== data) input.fill(0);
  }
  // Last: `into` may overlap the plaintext.
  sealed.set(tag.subarray(0, mode.tagLength), data.length);
  return sealed;
}

/** The plaintext, or undefined if the message is not authentic. */
export function openInParts(message: LongMessage): Bytes | undefined {
  return message.mode.covers === "ciphertext" ? openVerified(message) : openAndVerify(message);
}

/** Two passes: nothing is decrypted before the tag is verified. */
function openVerified(message: LongMessage): Bytes | undefined {
  const { mode, lengths, data, into } = message;
  const input = readableWhileWriting(data.subarray(0, lengths.text), into);
  return inMessage(message, (host, slots) => {
    eachPart(host, input, (length) => mode.hashText(slots, host.io, length));
    const authentic = withTag(host, data.subarray(lengths.text), (at) => mode.verify(slots, at, lengths));
    if (!authentic) return undefined;
    const opened = into ?? allocate(lengths.text);
    transformParts(host, input, opened, (at, length) => mode.addKeystream(slots, at, length));
    return opened;
  });
}

/** The tag covers the plaintext, which stays in memory of its own until the tag is verified. */
function openAndVerify(message: LongMessage): Bytes | undefined {
  const { mode, lengths, data, into } = message;
  const opened = allocate(lengths.text);
  const [ciphertext, tag] = [data.subarray(0, lengths.text), data.subarray(lengths.text)];
  let authentic = false;
  try {
    inMessage(message, (host, slots) => {
      withTag(host, tag, (at) => mode.receive(slots, at));
      transformParts(host, ciphertext, opened, (at, length) => {
        mode.addKeystream(slots, at, length);
        mode.hashText(slots, at, length);
      });
      authentic = withTag(host, tag, (at) => mode.verify(slots, at, lengths));
    });
    if (!authentic || into === undefined) return authentic ? opened : undefined;
    into.set(opened);
    return into;
  } finally {
    if (!authentic || into !== undefined) opened.fill(0);
  }
}
