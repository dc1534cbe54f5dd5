import { allocate, inCall } from "../../engine/call.ts";
import type { Engine } from "../../engine/load.ts";
import { giveBackSlot, handOver } from "../../engine/owners.ts";
import { eachPart } from "../../engine/parts.ts";
import { closeSlot, openSlot, releaseSlot, type Slot, takeSlot } from "../../engine/slots.ts";
import { LanelockError } from "../../errors.ts";
import { type Bytes, callersBytes } from "../../shared/byte-input.ts";
import type { KeySlot } from "../engine-binding/key-slot.ts";
import type { FurtherModes } from "../engine-binding/modes-engine.ts";
import type { MacStream } from "./mac.ts";

const TAG = 16;

/** The engine gets this many bytes at a time, or the multiples of it in a chunk. */
const UNIT = 2048;

/** A message whose bytes come piece by piece. It keeps the last 1 to 2,048 of them, because the last block is treated differently. */
export class CmacStream implements MacStream {
  readonly #cipher: FurtherModes;
  readonly #key: KeySlot;
  readonly #slot: Slot;
  readonly #kept: Bytes = new Uint8Array(UNIT);
  #length = 0;

  constructor(cipher: FurtherModes, key: KeySlot) {
    this.#cipher = cipher;
    this.#key = key;
    void key.address;
    this.#slot = inCall((host) => {
      const slot = takeSlot(host, TAG);
      handOver(slot, this);
      return slot;
    });
  }

  update(chunk: Uint8Array): void {
    const input = callersBytes(chunk, "chunk");
    this.#checkLive();
    const fits = Math.min(UNIT - this.#length, input.length);
    this.#kept.set(input.subarray(0, fits), this.#length);
    this.#length += fits;
    if (fits === input.length) return;
    // At least one byte stays for the end, so the last unit is kept even if it is whole.
    const whole = Math.floor((input.length - fits - 1) / UNIT) * UNIT;
    this.#use((host) => {
      this.#absorb(host, this.#kept);
      this.#absorb(host, input.subarray(fits, fits + whole));
    });
    this.#kept.set(input.subarray(fits + whole));
    this.#length = input.length - fits - whole;
  }

  final(): Bytes {
    this.#checkLive();
    const output = allocate(TAG);
    this.#end((host) => output.set(host.bytes.subarray(this.#slot.address, this.#slot.address + TAG)));
    return output;
  }

  verify(tag: Uint8Array): boolean {
    const given = callersBytes(tag, "tag");
    this.#checkLive();
    let authentic = false;
    this.#end(({ bytes, exports, io }) => {
      if (given.length !== TAG) return;
      bytes.set(given, io);
      authentic = exports.equalBlocks(this.#slot.address, io) === 1;
      bytes.fill(0, io, io + TAG);
    });
    return authentic;
  }

  dispose(): void {
    this.#wipeKept();
    giveBackSlot(this.#slot);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkLive(): void {
    if (this.#slot.state !== "live") throw new LanelockError("ERR_STATE", "This message has ended: begin another");
    void this.#key.address;
  }

  #absorb(host: Engine, data: Bytes): void {
    eachPart(host, data, (length) => this.#cipher.cmacUpdate(this.#key.address, this.#slot.address, host.io, length));
  }

  /** Ends the message: `take` finds the tag in the slot. */
  #end(take: (host: Engine) => void): void {
    this.#use((host) => {
      const { bytes, io } = host;
      bytes.set(this.#kept.subarray(0, this.#length), io);
      this.#cipher.cmacFinish(this.#key.address, this.#slot.address, io, this.#length);
      bytes.fill(0, io, io + this.#length + TAG);
      take(host);
      releaseSlot(host, this.#slot);
    });
    this.#wipeKept();
  }

  /** One call of the engine. If it fails, the message has ended, because its position is unknown. */
  #use(work: (host: Engine) => void): void {
    try {
      inCall((host) => {
        openSlot(this.#slot);
        work(host);
        if (this.#slot.state === "taken") closeSlot(this.#slot);
      });
    } catch (error) {
      if (this.#slot.state !== "live") this.#wipeKept();
      throw error;
    }
  }

  #wipeKept(): void {
    this.#kept.fill(0);
    this.#length = 0;
  }
}
