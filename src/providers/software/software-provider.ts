import { asymmetricAlgorithms, isAsymmetricKeySpec } from "../../asymmetric/key-specs.ts";
import { onPlatform } from "../../asymmetric/platform-failure.ts";
import { LanelockError } from "../../errors.ts";
import { KmsError } from "../../kms/ports/errors.ts";
import type {
  AsymmetricKey,
  AsymmetricKeySpec,
  Capability,
  CheckedMaterial,
  CipherKey,
  CreatedKeyObject,
  CreateKeyObject,
  ImportKeyObject,
  KeyBinding,
  KeyProvider,
  KeySpec,
  MaterialWrapper,
  ProviderHost,
  StoredKeyObject,
} from "../../kms/ports/index.ts";
import { randomBytes } from "../../shared/random.ts";
import { aesGcmKey } from "./aes-gcm-key.ts";
import { generateAsymmetricMaterial, loadSoftwareAsymmetricKey } from "./asymmetric-key.ts";
import { softwareKeyTransport } from "./key-transport.ts";

const AES_256_LENGTH = 32;

/** Keys of protection level SOFTWARE: wrapped under the store's root key at rest, used in this process. */
export function softwareProvider(): KeyProvider {
  return new SoftwareProvider();
}

const CAPABILITIES: readonly Capability[] = [
  { keySpec: "Aliyun_AES_256", algorithm: "AES_GCM", custody: "software" },
  ...Object.entries(asymmetricAlgorithms).flatMap(([keySpec, { encryption, signing }]) =>
    [...encryption, ...signing].map(
      (algorithm): Capability => ({
        keySpec: keySpec as AsymmetricKeySpec,
        algorithm,
        custody: "software",
      }),
    ),
  ),
];

async function generateMaterial(keySpec: KeySpec): Promise<CheckedMaterial> {
  if (isAsymmetricKeySpec(keySpec)) return generateAsymmetricMaterial(keySpec);
  if (keySpec !== "Aliyun_AES_256") throw unsupported(keySpec);
  return { material: randomBytes(AES_256_LENGTH) };
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
    throw new LanelockError("ERR_STATE", "The software key provider is not open: open the KMS first.");
  }

  capabilities(): readonly Capability[] {
    return CAPABILITIES;
  }

  async createKey({ binding }: CreateKeyObject): Promise<CreatedKeyObject> {
    return onPlatform(async () => this.#keep(binding, await generateMaterial(binding.keySpec)));
  }

  async importKey({ binding, material }: ImportKeyObject): Promise<CreatedKeyObject> {
    const { keySpec } = binding;
    if (!isAsymmetricKeySpec(keySpec) && keySpec !== "Aliyun_AES_256") throw unsupported(keySpec);
    return onPlatform(async () => this.#keep(binding, await softwareKeyTransport.check(keySpec, material)));
  }

  #keep(binding: KeyBinding, { material, publicKey }: CheckedMaterial): CreatedKeyObject {
    try {
      return { handle: this.#wrapper.wrap(binding, material), publicKey, custody: "software" };
    } finally {
      material.fill(0);
    }
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

  async loadAsymmetricKey({ binding, handle, publicKey }: StoredKeyObject): Promise<AsymmetricKey> {
    if (publicKey === undefined) throw unsupported(binding.keySpec);
    const material = this.#wrapper.unwrap(binding, handle);
    try {
      return await onPlatform(() => loadSoftwareAsymmetricKey({ material, publicKey }));
    } finally {
      material.fill(0);
    }
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
