import { LanelockError } from "../../errors.ts";
import { KmsError } from "../../kms/ports/errors.ts";
import type {
  AsymmetricKey,
  Capability,
  CipherKey,
  CipherMode,
  CreatedKeyObject,
  CreateKeyObject,
  ImportKeyObject,
  KeyProvider,
  ProviderHost,
  StoredKeyObject,
} from "../../kms/ports/index.ts";
import { ManagerConnection, ManagerRefusal } from "./connection.ts";
import { ExternalKey, translated } from "./external-key.ts";
import { decodePinned, encodePinned, pin, requirePinned } from "./known-answer.ts";
import { checkExternalOptions, type ExternalOptions } from "./options.ts";
import { keyNamePattern, paths } from "./protocol.ts";

const algorithms = [
  ["GCM", "AES_GCM"],
  ["CBC", "AES_CBC"],
  ["ECB", "AES_ECB"],
] as const;

/** Keys in a key manager that the user runs. Made by `externalKeys()`. */
export class ExternalProvider implements KeyProvider {
  readonly protectionLevel = "EXTERNAL";
  readonly #options: ExternalOptions;
  #state: { connection: ManagerConnection; modes: readonly unknown[]; name: string } | undefined;

  constructor(options: ExternalOptions) {
    checkExternalOptions(options);
    this.#options = options;
  }

  get name(): string {
    return this.#state?.name ?? `key manager ${this.#options.url}`;
  }

  async open(_host: ProviderHost): Promise<void> {
    if (this.#state)
      throw new LanelockError("ERR_STATE", "This externalKeys() provider is open already: make another one.");
    const connection = await ManagerConnection.open(this.#options);
    try {
      const info = await connection.call({ method: "GET", path: paths.info });
      if (info.protocol !== 1 || typeof info.name !== "string" || !Array.isArray(info.modes)) {
        throw new LanelockError(
          "ERR_PROVIDER",
          `The key manager ${connection.name} does not speak version 1 of the protocol: check the option url.`,
        );
      }
      const name = `${info.name.slice(0, 200)} at ${connection.name}`;
      this.#state = { connection, modes: info.modes, name };
    } catch (error) {
      connection.close();
      throw translated(error, connection.name);
    }
  }

  async close(): Promise<void> {
    this.#state?.connection.close();
    this.#state = undefined;
  }

  capabilities(): readonly Capability[] {
    const { modes } = this.#open();
    return algorithms.map(([mode, algorithm]) => {
      const row = { keySpec: "Aliyun_AES_256", algorithm } as const;
      return modes.includes(mode) ? { ...row, custody: "external" } : { ...row, missing: `the mode ${mode}` };
    });
  }

  async createKey({ binding, signal }: CreateKeyObject): Promise<CreatedKeyObject> {
    const { connection } = this.#open();
    const mode = this.#requireMode(binding);
    try {
      const body = { keySpec: binding.keySpec, mode };
      const answer = await connection.call({ method: "POST", path: paths.create, body, repeatable: false, signal });
      const name = answer.key;
      if (typeof name !== "string" || !keyNamePattern.test(name)) {
        throw new LanelockError(
          "ERR_PROVIDER",
          `The key manager ${connection.name} returned no key name of the protocol.`,
        );
      }
      try {
        const pinned = await pin(this.#key(name, mode), { name, mode });
        return { handle: encodePinned(pinned), custody: "external" };
      } catch (error) {
        await connection.call({ method: "POST", path: paths.destroy(name), body: { mode } }).catch(() => undefined);
        throw error;
      }
    } catch (error) {
      throw translated(error, connection.name, signal);
    }
  }

  importKey(_request: ImportKeyObject): Promise<CreatedKeyObject> {
    return Promise.reject(unsupported("An external key manager takes no imported material."));
  }

  async destroyKey({ binding, handle, signal }: StoredKeyObject): Promise<void> {
    const { connection } = this.#open();
    const { name } = decodePinned(handle);
    const body = { mode: binding.mode };
    try {
      await connection.call({ method: "POST", path: paths.destroy(name), body, signal });
    } catch (error) {
      // The class is made in connection.ts alone.
      if (error instanceof ManagerRefusal && error.refusal === "key_not_found") return;
      throw translated(error, connection.name, signal);
    }
  }

  /** Checks that the key is the one that was made, before anything is encrypted under it. */
  async loadCipherKey({ binding, handle }: StoredKeyObject): Promise<CipherKey> {
    const mode = this.#requireMode(binding);
    const pinned = decodePinned(handle);
    const key = this.#key(pinned.name, mode);
    await requirePinned(key, pinned);
    return key;
  }

  loadAsymmetricKey(_object: StoredKeyObject): Promise<AsymmetricKey> {
    return Promise.reject(unsupported("External keys are symmetric."));
  }

  rewrap({ handle }: StoredKeyObject): Uint8Array {
    return handle;
  }

  #key(name: string, mode: CipherMode): ExternalKey {
    const { connection } = this.#open();
    return new ExternalKey(connection, { name, mode, verifyEncrypt: this.#options.verifyEncrypt === true });
  }

  #requireMode({ keySpec, mode }: CreateKeyObject["binding"]): CipherMode {
    if (keySpec !== "Aliyun_AES_256" || mode === "NONE") throw unsupported("External keys are of Aliyun_AES_256.");
    const { modes, name } = this.#open();
    if (!modes.includes(mode)) throw unsupported(`${name} does not offer the mode ${mode}.`);
    return mode;
  }

  #open() {
    if (this.#state) return this.#state;
    throw new LanelockError("ERR_STATE", "This externalKeys() provider is not open: open the KMS first.");
  }
}

function unsupported(reason: string): KmsError {
  return new KmsError("UnsupportedOperation", `This action is not supported. ${reason}`);
}
