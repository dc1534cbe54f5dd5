import { LanelockError } from "../../errors.ts";
import { KmsError } from "../../kms/errors.ts";
import type {
  AsymmetricKey,
  Capability,
  CipherKey,
  CreatedKeyObject,
  CreateKeyObject,
  ImportKeyObject,
  KeyProvider,
  MaterialWrapper,
  ProviderHost,
  StoredKeyObject,
} from "../../kms/ports/index.ts";
import { aesGcmKey } from "./aes-gcm-key.ts";

const AES_256_LENGTH = 32;

/** Keys of protection level SOFTWARE: wrapped under the store's root key at rest, worked in this process. */
export function softwareProvider(): KeyProvider {
  return new SoftwareProvider();
}

class SoftwareProvider implements KeyProvider {
  readonly name = "software";
  readonly protectionLevel = "SOFTWARE";
  #host: ProviderHost | undefined;

  async open(host: ProviderHost) {
    this.#host = host;
  }

  async close() {
    this.#host = undefined;
  }

  get #wrapper(): MaterialWrapper {
    if (this.#host) return this.#host;
    throw new LanelockError("ERR_STATE", "The software key provider is closed.");
  }

  capabilities(): readonly Capability[] {
    return [{ keySpec: "Aliyun_AES_256", algorithm: "AES_GCM", custody: "software" }];
  }

  async createKey({ binding }: CreateKeyObject): Promise<CreatedKeyObject> {
    if (binding.keySpec !== "Aliyun_AES_256") throw unsupported(binding.keySpec);
    const material = crypto.getRandomValues(new Uint8Array(AES_256_LENGTH));
    try {
      return { handle: this.#wrapper.wrap(binding, material), custody: "software" };
    } finally {
      material.fill(0);
    }
  }

  async importKey({ binding, material }: ImportKeyObject): Promise<CreatedKeyObject> {
    if (binding.keySpec !== "Aliyun_AES_256") throw unsupported(binding.keySpec);
    if (material.length !== AES_256_LENGTH) {
      throw new KmsError("InvalidKeyMaterial", `The material of ${binding.keySpec} must be ${AES_256_LENGTH} bytes.`);
    }
    return { handle: this.#wrapper.wrap(binding, material), custody: "software" };
  }

  async destroyKey() {
    // The handle is the key; it goes with its row.
  }

  loadCipherKey({ binding, handle }: StoredKeyObject): CipherKey {
    const material = this.#wrapper.unwrap(binding, handle);
    try {
      return aesGcmKey(material);
    } finally {
      material.fill(0);
    }
  }

  loadAsymmetricKey({ binding }: StoredKeyObject): AsymmetricKey {
    throw unsupported(binding.keySpec);
  }

  rewrap({ binding, handle }: StoredKeyObject, to: MaterialWrapper): Uint8Array {
    const material = this.#wrapper.unwrap(binding, handle);
    try {
      return to.wrap(binding, material);
    } finally {
      material.fill(0);
    }
  }
}

function unsupported(keySpec: string): KmsError {
  return new KmsError(
    "UnsupportedOperation",
    `This action is not supported. There are no software keys of ${keySpec}.`,
  );
}
