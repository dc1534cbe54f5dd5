import type { EnvelopeKms } from "lanelock/envelope";
import { KmsError } from "lanelock/kms";

/**
 * A KMS with one CMK and one data key, for messages whose every byte is given. What it is asked is counted; the data keys it
 * handed out can be looked at afterwards.
 */
export class FixedKms implements EnvelopeKms {
  readonly calls: string[] = [];
  readonly handedOut: Uint8Array[] = [];
  readonly #dataKey: Uint8Array;
  readonly #wrappedKey: Uint8Array;
  readonly #keySpec: string;

  constructor(dataKey: Uint8Array, wrappedKey: Uint8Array, keySpec = "Aliyun_AES_256") {
    this.#dataKey = dataKey;
    this.#wrappedKey = wrappedKey;
    this.#keySpec = keySpec;
  }

  async describeKey() {
    this.calls.push("describeKey");
    return { keyMetadata: { keyId: "key-fixed", keySpec: this.#keySpec } };
  }

  async generateDataKey() {
    this.calls.push("generateDataKey");
    return { keyId: "key-fixed", plaintext: this.#handOut(), ciphertextBlob: new Uint8Array(this.#wrappedKey) };
  }

  async decrypt({ ciphertextBlob }: { readonly ciphertextBlob: Uint8Array }) {
    this.calls.push("decrypt");
    if (Buffer.compare(ciphertextBlob, this.#wrappedKey) !== 0) throw new KmsError("InvalidParameter", "not this one");
    return { keyId: "key-fixed", plaintext: this.#handOut() };
  }

  async reEncrypt(): Promise<never> {
    throw new KmsError("UnsupportedOperation", "there is no other CMK");
  }

  #handOut(): Uint8Array {
    const copy = new Uint8Array(this.#dataKey);
    this.handedOut.push(copy);
    return copy;
  }
}
