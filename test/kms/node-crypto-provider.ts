import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { LanelockError, sm4Gcm } from "lanelock";
import {
  type Capability,
  type CipherKey,
  type CipherRequest,
  type CreatedKeyObject,
  type KeyBinding,
  type KeyProvider,
  KmsError,
  type ProtectionLevel,
  type StoredKeyObject,
} from "lanelock/kms";

const LENGTH: Readonly<Record<string, number>> = {
  Aliyun_AES_256: 32,
  Aliyun_AES_192: 24,
  Aliyun_AES_128: 16,
  Aliyun_SM4: 16,
};

/**
 * Keys of level HSM or EXTERNAL in node:crypto: an implementation that is not ours, behind the port a token is behind.
 * It is asynchronous throughout, holds its keys itself, and gives out handles, as tokens do.
 */
export class NodeCryptoProvider implements KeyProvider {
  readonly name = "node:crypto";
  readonly protectionLevel: ProtectionLevel;
  readonly keys = new Map<string, { binding: KeyBinding; material: Buffer }>();
  /** While set, every call fails as a token that was pulled out does. */
  broken = false;
  #next = 0;

  constructor(protectionLevel: ProtectionLevel = "HSM") {
    this.protectionLevel = protectionLevel;
  }

  async open() {}
  async close() {}

  capabilities(): readonly Capability[] {
    return [];
  }

  #check() {
    if (this.broken) throw new LanelockError("ERR_PROVIDER", "The token is gone.");
  }

  async #keep(binding: KeyBinding, material: Buffer): Promise<CreatedKeyObject> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#check();
    const handle = `object ${++this.#next}`;
    this.keys.set(handle, { binding, material });
    return { handle: Buffer.from(handle), custody: this.protectionLevel === "HSM" ? "token" : "external" };
  }

  async createKey({ binding }: { binding: KeyBinding }) {
    const length = LENGTH[binding.keySpec];
    if (length === undefined) throw new KmsError("UnsupportedOperation", `no ${binding.keySpec} here`);
    return this.#keep(binding, randomBytes(length));
  }

  async importKey({ binding, material }: { binding: KeyBinding; material: Uint8Array }) {
    return this.#keep(binding, Buffer.from(material));
  }

  async destroyKey({ handle }: { handle: Uint8Array }) {
    this.#check();
    this.keys.delete(Buffer.from(handle).toString());
  }

  async loadCipherKey({ handle, binding }: StoredKeyObject): Promise<CipherKey> {
    this.#check();
    const key = this.keys.get(Buffer.from(handle).toString());
    if (!key) throw new LanelockError("ERR_PROVIDER", "No such object.");
    if (binding.keySpec === "Aliyun_SM4") return sm4Key(key.material);
    const name = `aes-${key.material.length * 8}-${key.binding.mode.toLowerCase()}`;
    const run = async (work: () => Uint8Array) => {
      await new Promise((resolve) => setImmediate(resolve));
      this.#check();
      return work();
    };
    return {
      encrypt: (request) => run(() => encrypt(name, key.material, request)),
      decrypt: (request) => run(() => decrypt(name, key.material, request)),
      dispose: () => undefined,
    };
  }

  loadAsymmetricKey(): never {
    throw new KmsError("UnsupportedOperation", "no asymmetric keys here");
  }

  rewrap({ handle }: StoredKeyObject) {
    return handle;
  }
}

/** The engine's: Node 20's OpenSSL has no SM4-GCM. */
function sm4Key(material: Uint8Array): CipherKey {
  const aead = sm4Gcm(material);
  return {
    encrypt: async ({ iv, data, aad }) => aead.seal(iv, data, { aad }),
    decrypt: async ({ iv, data, aad }) => aead.open(iv, data, { aad }),
    dispose: () => aead.dispose(),
  };
}

function encrypt(name: string, key: Buffer, { data, iv, aad, padding }: CipherRequest): Uint8Array {
  if (name.endsWith("gcm")) {
    const cipher = createCipheriv(name as "aes-256-gcm", key, iv);
    if (aad) cipher.setAAD(aad);
    return new Uint8Array(Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]));
  }
  const cipher = createCipheriv(name, key, iv.length > 0 ? iv : null).setAutoPadding(padding === "PKCS7_PADDING");
  return new Uint8Array(Buffer.concat([cipher.update(data), cipher.final()]));
}

function decrypt(name: string, key: Buffer, { data, iv, aad, padding }: CipherRequest): Uint8Array {
  try {
    if (name.endsWith("gcm")) {
      const decipher = createDecipheriv(name as "aes-256-gcm", key, iv, { authTagLength: 16 });
      if (aad) decipher.setAAD(aad);
      decipher.setAuthTag(data.subarray(-16));
      return new Uint8Array(Buffer.concat([decipher.update(data.subarray(0, -16)), decipher.final()]));
    }
    const decipher = createDecipheriv(name, key, iv.length > 0 ? iv : null);
    decipher.setAutoPadding(padding === "PKCS7_PADDING");
    return new Uint8Array(Buffer.concat([decipher.update(data), decipher.final()]));
  } catch (cause) {
    throw new LanelockError(name.endsWith("gcm") ? "ERR_AUTHENTICATION" : "ERR_PADDING", "refused", { cause });
  }
}
