import { asymmetricAlgorithms } from "../../asymmetric/key-specs.ts";
import { importPrivateKey } from "../../asymmetric/private-key.ts";
import { importPublicKey } from "../../asymmetric/public-key.ts";
import { LanelockError } from "../../errors.ts";
import { KmsError } from "../../kms/ports/errors.ts";
import type {
  Algorithm,
  AsymmetricKey,
  AsymmetricKeySpec,
  Capability,
  CipherKey,
  CreatedKeyObject,
  CreateKeyObject,
  ImportKeyObject,
  KeyBinding,
  KeyProvider,
  KeySpec,
  ProviderHost,
  StoredKeyObject,
} from "../../kms/ports/index.ts";
import { codeOf, messageOf } from "../../shared/thrown.ts";
import type { Offer } from "./capabilities/mechanisms.ts";
import { inspectToken } from "./capabilities/probe.ts";
import { TokenAsymmetricKey } from "./keys/asymmetric-key.ts";
import { isSymmetric } from "./keys/key-material.ts";
import { SymmetricKeys } from "./keys/symmetric-keys.ts";
import { decodeHandle, encodeHandle } from "./objects/handle.ts";
import { generateKeyPair, type NewKeyPair, privateKeyIdentity, storePrivateKey } from "./objects/key-pairs.ts";
import { newId } from "./objects/new-objects.ts";
import { destroyObjects, TokenObject, templateOf } from "./objects/token-object.ts";
import { checkPkcs11Options, type Pkcs11Options } from "./session/options.ts";
import { Token } from "./session/token.ts";
import { providerError } from "./session/token-error.ts";

const algorithmsOfMode = { GCM: ["AES_GCM", "SM4_GCM"], CBC: ["AES_CBC"], ECB: ["AES_ECB"], NONE: [] } as const;

interface OpenState {
  readonly token: Token;
  readonly storeId: string;
  readonly offer: Offer;
  readonly capabilities: readonly Capability[];
  readonly symmetric: SymmetricKeys;
}

/** Keys on a PKCS#11 token. Made by `pkcs11()`. */
export class Pkcs11Provider implements KeyProvider {
  readonly protectionLevel = "HSM";
  readonly #options: Pkcs11Options;
  #state: OpenState | undefined;

  constructor(options: Pkcs11Options) {
    checkPkcs11Options(options);
    this.#options = options;
  }

  get name(): string {
    return this.#state?.token.name ?? `PKCS#11 module ${this.#options.module}`;
  }

  async open({ storeId }: ProviderHost): Promise<void> {
    if (this.#state) throw new LanelockError("ERR_STATE", "This pkcs11() provider is open already: make another one.");
    const token = await Token.open(this.#options);
    try {
      const symmetric = new SymmetricKeys(token, this.#options);
      this.#state = { token, storeId, symmetric, ...(await inspectToken(token, this.#options)) };
    } catch (error) {
      await token.close();
      throw providerError(token.name, error);
    }
  }

  pool() {
    const token = this.#state?.token;
    return token && { open: token.openSessions, waiting: token.waitingCallers };
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = undefined;
    await state?.token.close();
  }

  capabilities(): readonly Capability[] {
    return this.#open().capabilities;
  }

  async createKey({ binding, signal }: CreateKeyObject): Promise<CreatedKeyObject> {
    const { symmetric, token } = this.#open();
    this.#requireSpec(binding);
    const { keySpec } = binding;
    const label = this.#label(binding);
    return this.#run(signal, async () => {
      if (isSymmetric(keySpec)) return symmetric.create(binding, { label, signal });
      const wanted = this.#newPair(binding, keySpec, signal);
      const publicKey = await generateKeyPair(token, wanted);
      return { handle: encodeHandle(wanted), publicKey, custody: "token" };
    });
  }

  async importKey(request: ImportKeyObject): Promise<CreatedKeyObject> {
    const { symmetric, token } = this.#open();
    const { binding, material, signal } = request;
    this.#requireSpec(binding);
    const { keySpec } = binding;
    return this.#run(signal, async () => {
      if (isSymmetric(keySpec)) return symmetric.import(request, this.#label(binding));
      const { privateKey, publicKey } = await checkedPair(keySpec, material);
      try {
        const wanted = this.#newPair(binding, keySpec, signal);
        await storePrivateKey(token, wanted, privateKey);
        return { handle: encodeHandle(wanted), publicKey, custody: "token" };
      } finally {
        privateKey.fill(0);
      }
    });
  }

  async destroyKey({ binding, handle, signal }: StoredKeyObject): Promise<void> {
    const { token, symmetric } = this.#open();
    const named = { id: decodeHandle(handle).id, label: this.#label(binding) };
    const { keySpec } = binding;
    const identity = isSymmetric(keySpec)
      ? symmetric.identity(binding, named)
      : privateKeyIdentity({ ...named, keySpec });
    await this.#run(signal, () => destroyObjects(token, templateOf(identity)));
  }

  loadCipherKey({ binding, handle }: StoredKeyObject): CipherKey {
    return this.#open().symmetric.load(binding, { handle, label: this.#label(binding) });
  }

  async loadAsymmetricKey({ binding, handle, publicKey }: StoredKeyObject): Promise<AsymmetricKey> {
    const { token, offer } = this.#open();
    const { keySpec } = binding;
    if (isSymmetric(keySpec) || !publicKey) {
      throw new LanelockError("ERR_INTEGRITY", `The stored object of version ${binding.versionId} has no public key.`);
    }
    const named = { id: decodeHandle(handle).id, label: this.#label(binding), keySpec };
    return new TokenAsymmetricKey({
      object: new TokenObject(token, privateKeyIdentity(named)),
      publicKey: await this.#run(undefined, () => importPublicKey(publicKey)),
      unpads: (algorithm) => {
        return offer.passedTrials.has(algorithm === "RSAES_OAEP_SHA_1" ? "OAEP with SHA-1" : "OAEP with SHA-256");
      },
      requireAlgorithm: (algorithm) => this.#requireAlgorithm(keySpec, [algorithm]),
    });
  }

  rewrap({ handle }: StoredKeyObject): Uint8Array {
    return handle;
  }

  #open(): OpenState {
    if (this.#state) return this.#state;
    throw new LanelockError("ERR_STATE", "This pkcs11() provider is not open: open the KMS first.");
  }

  /** The label of a key's object. It binds the object to this store, version and mode, and names it in other tools. */
  #label({ versionId, mode }: KeyBinding): string {
    return `lanelock:${this.#open().storeId}:${versionId}:${mode}`;
  }

  #newPair(binding: KeyBinding, keySpec: AsymmetricKeySpec, signal: AbortSignal | undefined): NewKeyPair {
    return { keySpec, keyUsage: binding.keyUsage, id: newId(), label: this.#label(binding), signal };
  }

  /** A key is made if the token has at least one algorithm for its usage. */
  #requireSpec({ keySpec, keyUsage, mode }: KeyBinding): void {
    const purpose = keyUsage === "SIGN/VERIFY" ? "signing" : "encryption";
    const wanted = isSymmetric(keySpec) ? algorithmsOfMode[mode] : asymmetricAlgorithms[keySpec][purpose];
    this.#requireAlgorithm(keySpec, wanted);
  }

  /** @throws KmsError `UnsupportedOperation` when the token has none of `algorithms` for this spec */
  #requireAlgorithm(keySpec: KeySpec, algorithms: readonly Algorithm[]): void {
    const { capabilities, token } = this.#open();
    const rows = capabilities.filter((row) => row.keySpec === keySpec && algorithms.includes(row.algorithm));
    if (rows.some((row) => row.missing === undefined)) return;
    const reasons = rows.map((row) => `${row.algorithm} needs ${row.missing}`).join("; ");
    throw new KmsError(
      "UnsupportedOperation",
      `This action is not supported. The token ${token.name} does not support ${keySpec}: ${reasons || "there is no such key"}.`,
    );
  }

  async #run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw providerError(this.name, error, signal);
    }
  }
}

async function checkedPair(keySpec: AsymmetricKeySpec, material: Uint8Array) {
  try {
    const pair = await importPrivateKey(material);
    if (pair.spec === keySpec) return pair;
    pair.privateKey.fill(0);
    throw new LanelockError("ERR_KEY", `The private key is one of ${pair.spec}, not of ${keySpec}.`);
  } catch (cause) {
    if (codeOf(cause) !== "ERR_KEY") throw cause;
    throw new KmsError("InvalidKeyMaterial", `The material is not a private key of ${keySpec}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
