import { generateKeyPair, loadPrivateKey, type PrivateKey } from "../../asymmetric/private-key.ts";
import { loadPublicKey, type PublicKey } from "../../asymmetric/public-key.ts";
import { LanelockError } from "../../errors.ts";
import { KmsError } from "../../kms/ports/errors.ts";
import type {
  AsymmetricCipherRequest,
  AsymmetricKey,
  AsymmetricKeySpec,
  CheckedMaterial,
  MaybePromise,
  SignRequest,
  VerifyRequest,
} from "../../kms/ports/index.ts";

/** Says what the platform cannot do in the service's terms; the message tells what works instead. */
function explained<T>(work: () => MaybePromise<T>): MaybePromise<T> {
  try {
    const result = work();
    return result instanceof Promise ? result.catch(explain) : result;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): never {
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

  encrypt(request: AsymmetricCipherRequest): MaybePromise<Uint8Array> {
    return explained(() => this.#public.encrypt(request));
  }

  decrypt(request: AsymmetricCipherRequest): MaybePromise<Uint8Array> {
    return explained(() => this.#private.decrypt(request));
  }

  sign(request: SignRequest): MaybePromise<Uint8Array> {
    return explained(() => this.#private.sign(request));
  }

  verify(request: VerifyRequest): MaybePromise<boolean> {
    return explained(() => this.#public.verify(request));
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
