import { LanelockError } from "../../errors.ts";
import { sm4Gcm } from "../../index.ts";
import type { Capability, CipherKey, CipherRequest, KeyBinding, MaybePromise } from "../../kms/ports/index.ts";
import { CKF, CKM } from "./constants.ts";
import { lacking, type Offer } from "./mechanisms.ts";
import type { Pkcs11Options } from "./options.ts";

export const sm4KeyLength = 16;
const ivLength = 12;

/** How SM4 keys are kept: on the token where a vendor's mechanisms are configured, wrapped by the token otherwise. */
export function sm4Capability(offer: Offer, { vendorMechanisms, requireOnToken }: Pkcs11Options): Capability {
  const row = { keySpec: "Aliyun_SM4", algorithm: "SM4_GCM" } as const;
  const missingOf = (needs: readonly (readonly [string, number, number])[]) => {
    const missing = needs.flatMap(([name, mechanism, flags]) => lacking({ name, mechanism, flags }, offer) ?? []);
    return missing.length > 0 ? missing.join(", ") : undefined;
  };
  const bothWays = CKF.ENCRYPT | CKF.DECRYPT;
  if (vendorMechanisms) {
    const { SM4_KEY_GEN, SM4_GCM } = vendorMechanisms;
    const missing = missingOf([
      [`vendorMechanisms.SM4_KEY_GEN (0x${SM4_KEY_GEN.toString(16)})`, SM4_KEY_GEN, CKF.GENERATE],
      [`vendorMechanisms.SM4_GCM (0x${SM4_GCM.toString(16)})`, SM4_GCM, bothWays],
    ]);
    return missing === undefined ? { ...row, custody: "token" } : { ...row, missing };
  }
  if (requireOnToken) return { ...row, missing: "SM4 of its own (requireOnToken is set and vendorMechanisms is not)" };
  const missing = missingOf([
    ["CKM_AES_KEY_GEN", CKM.AES_KEY_GEN, CKF.GENERATE],
    ["CKM_AES_GCM", CKM.AES_GCM, bothWays],
  ]);
  return missing === undefined ? { ...row, custody: "token-wrapped" } : { ...row, missing };
}

/** AAD of a wrapped SM4 key: u32be length ‖ key id ‖ u32be length ‖ version id. */
function wrappingContext({ keyId, versionId }: KeyBinding): Uint8Array {
  return Buffer.concat(
    [keyId, versionId].flatMap((id) => {
      const text = Buffer.from(id, "utf8");
      const length = Buffer.alloc(4);
      length.writeUInt32BE(text.length);
      return [length, text];
    }),
  );
}

/**
 * Encrypts an SM4 key under a token's AES key.
 *
 * @param iv 12 bytes of the token's random generator
 * @returns IV ‖ ciphertext ‖ tag
 */
export async function sealSm4Key(
  wrapping: CipherKey,
  { binding, material, iv }: { binding: KeyBinding; material: Uint8Array; iv: Uint8Array },
): Promise<Buffer> {
  const sealed = await wrapping.encrypt({ iv, data: material, aad: wrappingContext(binding) });
  return Buffer.concat([iv, sealed]);
}

/**
 * An SM4 key that a token's AES key keeps encrypted. For each operation the token decrypts it, the engine works it, and both
 * copies are wiped: so long, it is in this process's memory.
 */
export class TokenWrappedSm4Key implements CipherKey {
  readonly #wrapping: CipherKey;
  readonly #sealed: CipherRequest;

  constructor(wrapping: CipherKey, { binding, sealed }: { binding: KeyBinding; sealed: Buffer }) {
    this.#wrapping = wrapping;
    this.#sealed = {
      iv: sealed.subarray(0, ivLength),
      data: sealed.subarray(ivLength),
      aad: wrappingContext(binding),
    };
  }

  encrypt({ iv, data, aad, signal }: CipherRequest): MaybePromise<Uint8Array> {
    return this.#with(signal, (aead) => aead.seal(iv, data, aad ? { aad } : {}));
  }

  decrypt({ iv, data, aad, signal }: CipherRequest): MaybePromise<Uint8Array> {
    return this.#with(signal, (aead) => aead.open(iv, data, aad ? { aad } : {}));
  }

  dispose(): void {
    this.#wrapping.dispose();
  }

  #with<T>(signal: AbortSignal | undefined, work: (aead: ReturnType<typeof sm4Gcm>) => T): MaybePromise<T> {
    const useAndWipe = (key: Uint8Array) => {
      try {
        using aead = sm4Gcm(key);
        return work(aead);
      } finally {
        key.fill(0);
      }
    };
    const key = this.#unwrap(signal);
    return key instanceof Promise ? key.then(useAndWipe) : useAndWipe(key);
  }

  #unwrap(signal: AbortSignal | undefined): MaybePromise<Uint8Array> {
    const refuse = (error: unknown): never => {
      if (!(error instanceof LanelockError && error.code === "ERR_AUTHENTICATION")) throw error;
      const message = "The stored SM4 key was not sealed by this token for this key and version.";
      throw new LanelockError("ERR_INTEGRITY", message, { cause: error });
    };
    const key = this.#wrapping.decrypt({ ...this.#sealed, signal });
    return key instanceof Promise ? key.catch(refuse) : key;
  }
}
