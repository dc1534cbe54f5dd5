import { type Bytes, checkBytes } from "../engine/arguments.ts";
import { engine } from "../engine/load.ts";
import { eachPart } from "../engine/parts.ts";
import { LanelockError } from "../errors.ts";
import { BlockBuffer } from "./block-buffer.ts";
import type { GcmRun } from "./gcm-run.ts";
import { STREAM_UNIT } from "./gcm-seal-stream.ts";

/**
 * Decrypts a long message piece by piece and releases each piece before the tag is known: what `update` and `final` return
 * may be forged until `final` has returned.
 */
export class GcmOpenStreamUnverified {
  readonly #run: GcmRun;
  readonly #tagLength: number;
  readonly #buffer = new BlockBuffer(STREAM_UNIT);

  constructor(run: GcmRun, tagLength: number) {
    this.#run = run;
    this.#tagLength = tagLength;
  }

  /**
   * Takes any number of ciphertext bytes, without the tag, and returns the plaintext that is ready, which may be none.
   *
   * @throws LanelockError `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  update(chunk: Uint8Array): Bytes {
    checkBytes(chunk, "chunk");
    this.#run.checkRoom(this.#buffer.rest().length + chunk.length);
    const opened = new Uint8Array(this.#buffer.ready(chunk.length));
    let written = 0;
    this.#buffer.push(chunk, (part) => {
      this.#decrypt(part, opened.subarray(written));
      written += part.length;
    });
    return opened;
  }

  /**
   * Ends the message: returns the last plaintext bytes if `tag` is right.
   *
   * @throws LanelockError `ERR_AUTHENTICATION`: all plaintext that `update` returned is to be thrown away;
   *   `ERR_LENGTH` if `tag` has not the key's tag length
   */
  final(tag: Uint8Array): Bytes {
    checkBytes(tag, "tag");
    if (tag.length !== this.#tagLength) {
      throw new LanelockError("ERR_LENGTH", `tag has ${tag.length} bytes, but this key's tags have ${this.#tagLength}`);
    }
    const rest = this.#buffer.rest();
    const opened = new Uint8Array(rest.length);
    this.#run.checkRoom(rest.length);
    this.#decrypt(rest, opened);
    const authentic = this.#run.verify(tag);
    this.dispose();
    if (authentic) return opened;
    opened.fill(0);
    throw new LanelockError(
      "ERR_AUTHENTICATION",
      "Not authentic: throw away the plaintext that this stream has released",
    );
  }

  /** Gives the message up and wipes its state. Harmless after `final()`. */
  dispose(): void {
    this.#buffer.wipe();
    this.#run.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #decrypt(data: Uint8Array, to: Uint8Array): void {
    const { bytes, exports } = engine();
    const io = exports.io();
    eachPart(data, (part, offset) => {
      this.#run.hash(part);
      this.#run.decrypt(part);
      to.set(bytes.subarray(io, io + part), offset);
    });
  }
}
