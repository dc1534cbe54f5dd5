import { LanelockError } from "../errors.ts";
import { type Bytes, checkBytes, plain } from "../shared/byte-input.ts";
import { GcmStream } from "./gcm-stream.ts";

/**
 * Decrypts a long message piece by piece and releases each piece before the tag is known: what `update` and `final` return
 * may be forged until `final` has returned. `update` takes ciphertext without the tag.
 */
export class GcmOpenStreamUnverified extends GcmStream {
  protected override work(length: number): void {
    this.run.hash(length);
    this.run.decrypt(length);
  }

  /**
   * Ends the message: returns the last plaintext bytes if `tag` is right.
   *
   * @throws LanelockError `ERR_AUTHENTICATION`: all plaintext that `update` returned is to be thrown away;
   *   `ERR_LENGTH` if `tag` has not the key's tag length
   */
  final(tag: Uint8Array): Bytes {
    const length = checkBytes(tag, "tag");
    if (length !== this.tagLength) {
      throw new LanelockError("ERR_LENGTH", `tag has ${length} bytes, but this key's tags have ${this.tagLength}`);
    }
    const opened = this.last(0);
    const authentic = this.run.verify(plain(tag));
    this.dispose();
    if (authentic) return opened;
    opened.fill(0);
    throw new LanelockError(
      "ERR_AUTHENTICATION",
      "The message is not authentic: throw away the plaintext that this stream has released",
    );
  }
}
