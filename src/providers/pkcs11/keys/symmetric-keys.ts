import { KmsError } from "../../../kms/ports/errors.ts";
import type { CipherKey, Custody, ImportKeyObject, KeyBinding } from "../../../kms/ports/index.ts";
import { decodeHandle, encodeHandle } from "../objects/handle.ts";
import { newId } from "../objects/new-objects.ts";
import { aesIdentity, generateAesKey, generateVendorKey, storeAesKey, storeVendorKey } from "../objects/secret-keys.ts";
import { destroyObjects, type ObjectIdentity, TokenObject, templateOf } from "../objects/token-object.ts";
import { CKK, CKM, CKO } from "../session/constants.ts";
import type { Pkcs11Options, VendorMechanisms } from "../session/options.ts";
import type { Token } from "../session/token.ts";
import { calling } from "../session/token-error.ts";
import { aesMechanisms, TokenCipherKey } from "./aes-key.ts";
import { isSymmetric, keyLengths, requireKeyLength } from "./key-material.ts";
import { sealSm4Key, sm4KeyLength, TokenWrappedSm4Key } from "./sm4.ts";

/** How this token keeps a symmetric key: as an AES object, as a vendor's SM4 object, or as an SM4 key sealed by an AES object. */
type Form = "aes" | "vendor-sm4" | "sealed-sm4";

type Sm4Options = Pick<Pkcs11Options, "vendorMechanisms" | "requireOnToken">;

interface Made {
  readonly handle: Uint8Array;
  readonly custody: Custody;
}

/** Makes and loads the symmetric keys of one token. */
export class SymmetricKeys {
  readonly #token: Token;
  readonly #vendor: VendorMechanisms | undefined;
  readonly #requireOnToken: boolean;

  constructor(token: Token, { vendorMechanisms, requireOnToken }: Sm4Options) {
    this.#token = token;
    this.#vendor = vendorMechanisms;
    this.#requireOnToken = requireOnToken === true;
  }

  async create(binding: KeyBinding, place: { label: string; signal: AbortSignal | undefined }): Promise<Made> {
    const form = this.#formOf(binding);
    if (form === "sealed-sm4") return this.#seal(binding, place, await this.#random(sm4KeyLength, place.signal));
    const wanted = { ...place, id: newId(), mechanism: this.#mechanism(binding) };
    if (form === "aes") await generateAesKey(this.#token, { ...wanted, length: lengthOf(binding) });
    else await generateVendorKey(this.#token, { ...wanted, ...this.#vendorKey() });
    return { handle: encodeHandle(wanted), custody: "token" };
  }

  /** @throws KmsError `InvalidKeyMaterial` when the material does not have the length of the KeySpec */
  async import({ binding, material, signal }: ImportKeyObject, label: string): Promise<Made> {
    const form = this.#formOf(binding);
    if (isSymmetric(binding.keySpec)) requireKeyLength(binding.keySpec, material);
    if (form === "sealed-sm4") return this.#seal(binding, { label, signal }, new Uint8Array(material));
    const wanted = { label, signal, id: newId(), mechanism: this.#mechanism(binding), material };
    if (form === "aes") await storeAesKey(this.#token, wanted);
    else await storeVendorKey(this.#token, { ...wanted, ...this.#vendorKey() });
    return { handle: encodeHandle(wanted), custody: "token" };
  }

  /** @throws KmsError `UnsupportedOperation` when the key would be used in this process and `requireOnToken` forbids it */
  load(binding: KeyBinding, { handle, label }: { handle: Uint8Array; label: string }): CipherKey {
    const { id, sealed } = decodeHandle(handle);
    if (sealed) {
      if (this.#requireOnToken) throw this.#wouldLeave();
      // An AES key seals it even if a vendor's mechanisms have been configured since.
      const wrapping = new TokenObject(this.#token, aesIdentity({ id, label }));
      return new TokenWrappedSm4Key(this.#wrappingKey(wrapping), { binding, sealed });
    }
    const object = new TokenObject(this.#token, this.identity(binding, { id, label }));
    return new TokenCipherKey(object, { mode: modeOf(binding), mechanism: this.#mechanism(binding) });
  }

  identity(binding: KeyBinding, { id, label }: { id: Buffer; label: string }): ObjectIdentity {
    const vendor = this.#formOf(binding) === "vendor-sm4" ? this.#vendorKey().keyType : undefined;
    return { objectClass: CKO.SECRET_KEY, keyType: vendor ?? CKK.AES, id, label };
  }

  #formOf({ keySpec }: KeyBinding): Form {
    if (keySpec !== "Aliyun_SM4") return "aes";
    return this.#vendor ? "vendor-sm4" : "sealed-sm4";
  }

  #mechanism(binding: KeyBinding): number {
    if (this.#vendor && binding.keySpec === "Aliyun_SM4") return this.#vendor.SM4_GCM;
    return aesMechanisms[modeOf(binding)];
  }

  #vendorKey(): { keyType: number; generator: number } {
    return { keyType: this.#vendor?.SM4_KEY_TYPE ?? 0, generator: this.#vendor?.SM4_KEY_GEN ?? 0 };
  }

  #wouldLeave(): KmsError {
    return new KmsError(
      "UnsupportedOperation",
      `This action is not supported. The token ${this.#token.name} only keeps the SM4 key encrypted, and this process would use it; requireOnToken forbids that.`,
    );
  }

  #wrappingKey(object: TokenObject): TokenCipherKey {
    return new TokenCipherKey(object, { mode: "GCM", mechanism: CKM.AES_GCM });
  }

  /** Seals an SM4 key under an AES key of its own, which is destroyed with it. The material is wiped. */
  async #seal(
    binding: KeyBinding,
    { label, signal }: { label: string; signal: AbortSignal | undefined },
    material: Uint8Array,
  ): Promise<Made> {
    const id = newId();
    const identity = aesIdentity({ id, label });
    try {
      await generateAesKey(this.#token, { id, label, signal, mechanism: CKM.AES_GCM, length: 32 });
      const iv = await this.#random(12, signal);
      const wrapping = this.#wrappingKey(new TokenObject(this.#token, identity));
      const sealed = await sealSm4Key(wrapping, { binding, material, iv });
      return { handle: encodeHandle({ id, sealed }), custody: "token-wrapped" };
    } catch (error) {
      await destroyObjects(this.#token, templateOf(identity)).catch(() => undefined);
      throw error;
    } finally {
      material.fill(0);
    }
  }

  #random(length: number, signal: AbortSignal | undefined): Promise<Buffer> {
    const { api, timeoutMs } = this.#token;
    return this.#token.withSession({ timeoutMs, signal }, ({ handle }) =>
      calling("C_GenerateRandom", () => api.C_GenerateRandom(handle, Buffer.alloc(length))),
    );
  }
}

function lengthOf({ keySpec }: KeyBinding): number {
  return isSymmetric(keySpec) ? keyLengths[keySpec] : 0;
}

function modeOf({ mode }: KeyBinding): keyof typeof aesMechanisms {
  return mode === "NONE" ? "GCM" : mode;
}
