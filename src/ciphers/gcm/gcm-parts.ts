// Whole GCM messages that are too long for one call into WebAssembly.
import { readableWhileWriting } from "../../engine/arguments.ts";
import { allocate, inCall } from "../../engine/call.ts";
import { eachPart } from "../../engine/parts.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import { GcmState, type MessageStart } from "./gcm-state.ts";

/** Everything in it is plain. */
export interface LongMessage extends MessageStart {
  /** Plaintext, or ciphertext ‖ tag. */
  readonly data: Bytes;
  /** The memory for the result, of exactly its length. */
  readonly into: Bytes | undefined;
}

/** Ciphertext ‖ tag. */
export function sealInParts(message: LongMessage): Bytes {
  const { data, tagLength, into } = message;
  const sealed = into ?? allocate(data.length + tagLength);
  const input = readableWhileWriting(data, into);
  try {
    inCall((host) => {
      const { bytes, io } = host;
      const state = new GcmState(host, message);
      eachPart(host, input, (part, offset) => {
        state.encrypt(part);
        sealed.set(bytes.subarray(io, io + part), offset);
      });
      state.tag(host, sealed.subarray(data.length));
      state.release(host);
    });
  } finally {
    if (input !== data) input.fill(0);
  }
  return sealed;
}

/** The plaintext, or undefined if the message is not authentic. Two passes: nothing is decrypted before the tag is verified. */
export function openInParts(message: LongMessage): Bytes | undefined {
  const { data, tagLength, into } = message;
  const length = data.length - tagLength;
  const input = readableWhileWriting(data.subarray(0, length), into);
  return inCall((host) => {
    const state = new GcmState(host, message);
    eachPart(host, input, (part) => state.hash(part));
    const opened = state.verify(host, data.subarray(length)) ? (into ?? allocate(length)) : undefined;
    if (opened !== undefined) {
      const { bytes, io } = host;
      eachPart(host, input, (part, offset) => {
        state.decrypt(part);
        opened.set(bytes.subarray(io, io + part), offset);
      });
    }
    state.release(host);
    return opened;
  });
}
