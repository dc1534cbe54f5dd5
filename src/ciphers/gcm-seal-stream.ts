import { type Bytes, checkBytes } from "../engine/arguments.ts";
import { engine } from "../engine/load.ts";
import { eachPart } from "../engine/parts.ts";
import type { SealStream } from "./aead.ts";
import { BlockBuffer } from "./block-buffer.ts";
import type { GcmRun } from "./gcm-run.ts";

/** Bytes that go through the engine together: one batch of its widest cipher. */
export const STREAM_UNIT = 512;

/** Seals in pieces: a run that is fed whole batches. */
export class GcmSealStream implements SealStream {
  readonly #run: GcmRun;
  readonly #tagLength: number;
  readonly #buffer = new BlockBuffer(STREAM_UNIT);

  constructor(run: GcmRun, tagLength: number) {
    this.#run = run;
    this.#tagLength = tagLength;
  }

  update(chunk: Uint8Array): Bytes {
    checkBytes(chunk, "chunk");
    this.#run.checkRoom(this.#buffer.rest().length + chunk.length);
    const sealed = new Uint8Array(this.#buffer.ready(chunk.length));
    let written = 0;
    this.#buffer.push(chunk, (part) => {
      this.#encrypt(part, sealed.subarray(written));
      written += part.length;
    });
    return sealed;
  }

  final(): Bytes {
    const rest = this.#buffer.rest();
    const { length } = rest;
    const sealed = new Uint8Array(length + this.#tagLength);
    const { bytes, exports } = engine();
    const io = exports.io();
    this.#run.checkRoom(length);
    this.#encrypt(rest, sealed);
    this.#run.tag(io);
    sealed.set(bytes.subarray(io, io + this.#tagLength), length);
    bytes.fill(0, io, io + 16);
    this.dispose();
    return sealed;
  }

  dispose(): void {
    this.#buffer.wipe();
    this.#run.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #encrypt(data: Uint8Array, to: Uint8Array): void {
    const { bytes, exports } = engine();
    const io = exports.io();
    eachPart(data, (part, offset) => {
      this.#run.encrypt(part);
      to.set(bytes.subarray(io, io + part), offset);
    });
  }
}
