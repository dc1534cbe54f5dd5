import { generateKeyPair, loadPrivateKey, type PrivateKey } from "../../asymmetric/private-key.ts";
import { loadPublicKey, type PublicKey } from "../../asymmetric/public-key.ts";
import { LanelockError } from "../../errors.ts";
import { KmsError } from "../../kms/errors.ts";
import type {
  AsymmetricCipherRequest,
  AsymmetricKey,
  AsymmetricKeySpec,
  CheckedMaterial,
  SignRequest,
  VerifyRequest,
} from "../../kms/ports/index.ts";

/** What the platform cannot do, in the service's terms; its message says what works instead. */
function explained(error: unknown): never {
  if (error instanceof LanelockError && error.code === "ERR_UNSUPPORTED") {
    throw new KmsError("UnsupportedOperation", `This action is not supported. ${error.message}`, { cause: error });
  }
  throw error;
}

/** A private key in this process's memory and its public key. */
export class SoftwareAsymmetricKey implements AsymmetricKey {
  readonly publicKey: Uint8Array;
  readonly #private: PrivateKey;
  readonly #public: PublicKey;

  constructor(privateKey: PrivateKey, publicKey: PublicKey) {
    this.#private = privateKey;
    this.#public = publicKey;
    this.publicKey = publicKey.der;
  }

  encrypt(request: AsymmetricCipherRequest): Promise<Uint8Array> {
    return this.#public.encrypt(request).catch(explained);
  }

  decrypt(request: AsymmetricCipherRequest): Promise<Uint8Array> {
    return this.#private.decrypt(request).catch(explained);
  }

  sign(request: SignRequest): Promise<Uint8Array> {
    return this.#private.sign(request).catch(explained);
  }

  verify(request: VerifyRequest): Promise<boolean> {
    return this.#public.verify(request).catch(explained);
  }

  dispose(): void {
    this.#private.dispose();
  }
}

/** A fresh pair. Does not hold up the event loop. */
export async function generateAsymmetricMaterial(keySpec: AsymmetricKeySpec): Promise<Required<CheckedMaterial>> {
  const { privateKey, publicKey } = await generateKeyPair(keySpec);
  return { material: privateKey, publicKey };
}

/** Makes a pair ready that {@link generateAsymmetricMaterial} or an import made. `material` is copied. */
export async function loadSoftwareAsymmetricKey(pair: {
  readonly material: Uint8Array;
  readonly publicKey: Uint8Array;
}): Promise<SoftwareAsymmetricKey> {
  const publicKey = await loadPublicKey(pair.publicKey);
  return new SoftwareAsymmetricKey(await loadPrivateKey(pair.material), publicKey);
}
