import { engine } from "../engine/load.ts";
import { eachPart } from "../engine/parts.ts";
import { type Bytes, checkBytes, plain } from "../shared/byte-input.ts";
import { BlockBuffer } from "./block-buffer.ts";
import type { GcmState } from "./gcm-state.ts";

/** Bytes that go through the engine together at least: one batch of its widest cipher. */
const UNIT = 2048;

/** What sealing and opening in pieces have in common: a run that is fed whole batches. */
export abstract class GcmStream {
  protected readonly run: GcmState;
  protected readonly tagLength: number;
  readonly #buffer = new BlockBuffer(UNIT);

  constructor(run: GcmState, tagLength: number) {
    this.run = run;
    this.tagLength = tagLength;
  }

  /** Works `length` bytes that stand in the engine's IO, in place. */
  protected abstract work(length: number): void;

  /**
   * Takes any number of bytes and returns those that are ready, which may be none.
   *
   * @throws LanelockError `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  update(chunk: Uint8Array): Bytes {
    const length = checkBytes(chunk, "chunk");
    this.run.checkRoom(this.#buffer.rest().length + length);
    const output = new Uint8Array(this.#buffer.ready(length));
    let written = 0;
    this.#buffer.push(plain(chunk), (part) => {
      this.#through(part, output.subarray(written));
      written += part.length;
    });
    return output;
  }

  /** What was kept back, worked, with `room` bytes more behind it. */
  protected last(room: number): Bytes {
    const rest = this.#buffer.rest();
    this.run.checkRoom(rest.length);
    const output = new Uint8Array(rest.length + room);
    this.#through(rest, output);
    return output;
  }

  /** Gives the message up and wipes its state. Harmless after `final()`. */
  dispose(): void {
    this.#buffer.wipe();
    this.run.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #through(data: Bytes, to: Bytes): void {
    const { bytes, io } = engine();
    eachPart(data, (length, offset) => {
      this.work(length);
      to.set(bytes.subarray(io, io + length), offset);
    });
  }
}
