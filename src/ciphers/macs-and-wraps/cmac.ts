import { checkInto } from "../../engine/arguments.ts";
import { allocate, inCall } from "../../engine/call.ts";
import type { Engine } from "../../engine/load.ts";
import { eachPart } from "../../engine/parts.ts";
import { type Bytes, callersBytes } from "../../shared/byte-input.ts";
import { type IntoOption, intoOf } from "../block-modes/block-mode.ts";
import { KeySlot } from "../engine-binding/key-slot.ts";
import type { FurtherModes } from "../engine-binding/modes-engine.ts";
import { CmacStream } from "./cmac-stream.ts";
import type { Mac, MacStream } from "./mac.ts";

/** Bytes of the tag. */
const TAG = 16;

/** CMAC (SP 800-38B, RFC 4493). */
export class Cmac implements Mac {
  readonly #cipher: FurtherModes;
  readonly #key: KeySlot;

  constructor(cipher: FurtherModes, key: Uint8Array) {
    this.#cipher = cipher;
    this.#key = new KeySlot(cipher, key, { size: cipher.cmacSize(), complete: cipher.cmacExpand });
  }

  mac(message: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    const input = callersBytes(message, "message");
    const output = into === undefined ? allocate(TAG) : checkInto(into, TAG);
    inCall((host) => {
      const { bytes, nonce: state } = host;
      this.#run(host, slot, input);
      output.set(bytes.subarray(state, state + TAG));
      bytes.fill(0, state, state + TAG);
    });
    return output;
  }

  verify(message: Uint8Array, tag: Uint8Array): boolean {
    const slot = this.#key.address;
    const input = callersBytes(message, "message");
    const given = callersBytes(tag, "tag");
    if (given.length !== TAG) return false;
    return inCall((host) => {
      const { bytes, exports, io, nonce: state } = host;
      this.#run(host, slot, input);
      bytes.set(given, io);
      const authentic = exports.equalBlocks(state, io) === 1;
      bytes.fill(0, io, io + TAG);
      bytes.fill(0, state, state + TAG);
      return authentic;
    });
  }

  stream(): MacStream {
    return new CmacStream(this.#cipher, this.#key);
  }

  /** Leaves the tag in the engine's memory, where a nonce goes otherwise. */
  #run(host: Engine, slot: number, message: Bytes): void {
    const { bytes, exports, io, nonce: state } = host;
    if (message.length <= exports.ioSize()) {
      bytes.set(message, io);
      this.#cipher.cmacFinish(slot, state, io, message.length);
      bytes.fill(0, io, io + message.length + TAG);
      return;
    }
    eachPart(host, message, (length, offset) => {
      const isLast = offset + length === message.length;
      if (isLast) this.#cipher.cmacFinish(slot, state, io, length);
      else this.#cipher.cmacUpdate(slot, state, io, length);
    });
  }

  dispose(): void {
    this.#key.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
