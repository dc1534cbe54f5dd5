import { engine } from "../engine/load.ts";
import type { Bytes } from "../shared/byte-input.ts";
import type { SealStream } from "./aead.ts";
import { GcmStream } from "./gcm-stream.ts";

/** Seals a long message piece by piece. */
export class GcmSealStream extends GcmStream implements SealStream {
  protected override work(length: number): void {
    this.run.encrypt(length);
  }

  final(): Bytes {
    const sealed = this.last(this.tagLength);
    const { bytes, io } = engine();
    this.run.tag(io);
    sealed.set(bytes.subarray(io, io + this.tagLength), sealed.length - this.tagLength);
    bytes.fill(0, io, io + 16);
    this.dispose();
    return sealed;
  }
}
