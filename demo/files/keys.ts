import { randomBytes } from "lanelock";
import { type Envelope, envelope } from "lanelock/envelope";
import { Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import type { Cipher } from "./messages.ts";
import { sm4Keys } from "./sm4-keys.ts";

/** Bound to every file that is sealed here. */
const encryptionContext = { application: "lanelock demo" };

const SPECS = {
  aes: { keySpec: "Aliyun_AES_256" },
  sm4: { keySpec: "Aliyun_SM4", protectionLevel: "HSM" },
} as const;

/** A KMS whose store is this worker's memory, and one CMK for each cipher, made on first use. */
export class PageKeys {
  readonly #kms: Promise<Kms>;
  readonly #envelopes = new Map<Cipher, Promise<Envelope>>();

  constructor() {
    this.#kms = Kms.open({ store: memoryStore(), rootKey: randomBytes(32), hsm: sm4Keys() });
  }

  envelope(cipher: Cipher): Promise<Envelope> {
    const made = this.#envelopes.get(cipher) ?? this.#make(cipher);
    this.#envelopes.set(cipher, made);
    return made;
  }

  async #make(cipher: Cipher): Promise<Envelope> {
    const kms = await this.#kms;
    const { keyId } = (await kms.createKey(SPECS[cipher])).keyMetadata;
    return envelope(kms, { keyId, encryptionContext, segmentSize: 2 ** 18 });
  }
}
