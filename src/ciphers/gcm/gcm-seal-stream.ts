import { allocate } from "../../engine/call.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import type { SealStream } from "../aead/aead.ts";
import { GcmStream } from "./gcm-stream.ts";

/** Seals a long message piece by piece. */
export class GcmSealStream extends GcmStream implements SealStream {
  protected override transform(length: number): void {
    this.state.encrypt(length);
  }

  final(): Bytes {
    const kept = this.kept();
    const sealed = allocate(kept + this.tagLength);
    this.last(sealed, (host) => this.state.tag(host, sealed.subarray(kept)));
    return sealed;
  }
}
