import { allocate } from "../../engine/call.ts";
import type { Engine } from "../../engine/load.ts";
import { eachPart } from "../../engine/parts.ts";
import { type Bytes, checkBytes, plain } from "../../shared/byte-input.ts";
import { BlockBuffer } from "./block-buffer.ts";
import { GcmState, type MessageStart } from "./gcm-state.ts";

/** The engine gets at least this many bytes at a time, if available: one batch of its widest cipher. */
const UNIT = 2048;

/** Base of sealing and opening in pieces: feeds whole batches to a message. */
export abstract class GcmStream {
  protected readonly state: GcmState;
  protected readonly tagLength: number;
  readonly #buffer = new BlockBuffer(UNIT);

  constructor(start: MessageStart) {
    this.tagLength = start.tagLength;
    // Last: if the constructor failed after this, only garbage collection would free the message's slot.
    this.state = GcmState.begin(start);
  }

  /** Encrypts or decrypts `length` bytes in the engine's IO, in place. */
  protected abstract transform(length: number): void;

  /**
   * Takes any number of bytes and returns those that are ready, possibly none. `ERR_ARGUMENT`, `ERR_BUFFER` and `ERR_LIMIT` leave
   * the message unchanged; any other error ends it.
   *
   * @throws LanelockError `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  update(chunk: Uint8Array): Bytes {
    const length = checkBytes(chunk, "chunk");
    this.state.checkRoom(this.#buffer.rest().length + length);
    const output = allocate(this.#buffer.ready(length));
    const input = plain(chunk);
    this.#use((host) => {
      let written = 0;
      this.#buffer.push(input, (part) => {
        this.#through(host, part, output.subarray(written));
        written += part.length;
      });
    });
    return output;
  }

  /** Encrypts or decrypts the remainder to the start of `output`, and lets `finish` end the message. */
  protected last(output: Bytes, finish: (host: Engine) => void): void {
    this.#use((host) => {
      this.#through(host, this.#buffer.rest(), output);
      finish(host);
      this.state.release(host);
    });
    this.#buffer.wipe();
  }

  /** The length of the remainder. @throws LanelockError `ERR_STATE`, `ERR_LIMIT` */
  protected kept(): number {
    const { length } = this.#buffer.rest();
    this.state.checkRoom(length);
    return length;
  }

  /** Abandons the message and wipes its state. Harmless after `final()`. */
  dispose(): void {
    this.#buffer.wipe();
    this.state.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** A call that fails after it has begun ends the message, because the remainder is useless then. */
  #use(work: (host: Engine) => void): void {
    try {
      this.state.use(work);
    } catch (error) {
      if (!this.state.live) this.#buffer.wipe();
      throw error;
    }
  }

  #through(host: Engine, data: Bytes, to: Bytes): void {
    const { bytes, io } = host;
    eachPart(host, data, (length, offset) => {
      this.transform(length);
      to.set(bytes.subarray(io, io + length), offset);
    });
  }
}
