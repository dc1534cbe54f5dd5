import { allocate } from "../../engine/call.ts";
import { LanelockError } from "../../errors.ts";
import { type Bytes, checkBytes, plain } from "../../shared/byte-input.ts";
import { GcmStream } from "./gcm-stream.ts";

/**
 * Decrypts a long message piece by piece and releases each piece before the tag is verified: the result of `update` may be forged
 * until `final` has returned. `update` takes ciphertext without the tag.
 */
export class GcmOpenStreamUnverified extends GcmStream {
  protected override transform(length: number): void {
    this.state.hash(length);
    this.state.decrypt(length);
  }

  /**
   * Ends the message: returns the last plaintext bytes if `tag` is right.
   *
   * @throws LanelockError `ERR_AUTHENTICATION`: throw away all plaintext that `update` has returned;
   *   `ERR_LENGTH` if `tag` is not as long as the key's tags
   */
  final(tag: Uint8Array): Bytes {
    const length = checkBytes(tag, "tag");
    if (length !== this.tagLength) {
      throw new LanelockError("ERR_LENGTH", `tag has ${length} bytes, but this key's tags have ${this.tagLength}`);
    }
    const [expected, opened] = [plain(tag), allocate(this.kept())];
    let authentic = false;
    this.last(opened, (host) => {
      authentic = this.state.verify(host, expected);
    });
    if (authentic) return opened;
    opened.fill(0);
    throw new LanelockError(
      "ERR_AUTHENTICATION",
      "The message is not authentic: throw away the plaintext that this stream has released",
    );
  }
}
