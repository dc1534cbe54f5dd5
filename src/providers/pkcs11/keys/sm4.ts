import { LanelockError } from "../../../errors.ts";
import { sm4Gcm } from "../../../index.ts";
import type { CipherKey, CipherRequest, KeyBinding, MaybePromise } from "../../../kms/ports/index.ts";
import { isPromise, whenReady } from "../../../shared/maybe-promise.ts";
import { codeOf } from "../../../shared/thrown.ts";

export const sm4KeyLength = 16;
const ivLength = 12;

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
 * An SM4 key that is kept encrypted under a token's AES key. For each operation the token decrypts it, the engine uses it, and both
 * copies are wiped. For that time it is in this process's memory.
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
    return whenReady(this.#unwrap(signal), useAndWipe);
  }

  #unwrap(signal: AbortSignal | undefined): MaybePromise<Uint8Array> {
    const refuse = (error: unknown): never => {
      if (codeOf(error) !== "ERR_AUTHENTICATION") throw error;
      const message = "The stored SM4 key was not sealed by this token for this key and version.";
      throw new LanelockError("ERR_INTEGRITY", message, { cause: error });
    };
    const key = this.#wrapping.decrypt({ ...this.#sealed, signal });
    return isPromise(key) ? key.catch(refuse) : key;
  }
}
