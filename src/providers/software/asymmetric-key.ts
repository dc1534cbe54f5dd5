import { generateKeyPair, loadPrivateKey, type PrivateKey } from "../../asymmetric/private-key.ts";
import { loadPublicKey, type PublicKey } from "../../asymmetric/public-key.ts";
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
import { isPromise } from "../../shared/maybe-promise.ts";
import { codeOf, messageOf } from "../../shared/thrown.ts";

/** Turns `ERR_UNSUPPORTED` of the platform into the service's refusal; the message says what works instead. */
function explained<T>(work: () => MaybePromise<T>): MaybePromise<T> {
  try {
    const result = work();
    return isPromise(result) ? result.catch(explain) : result;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): never {
  if (codeOf(error) !== "ERR_UNSUPPORTED") throw error;
  const message = `This action is not supported. ${messageOf(error)}`;
  throw new KmsError("UnsupportedOperation", message, { cause: error });
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

/** Generates a pair, without blocking the event loop. */
export async function generateAsymmetricMaterial(keySpec: AsymmetricKeySpec): Promise<Required<CheckedMaterial>> {
  const { privateKey, publicKey } = await generateKeyPair(keySpec);
  return { material: privateKey, publicKey };
}

/** Loads a pair that {@link generateAsymmetricMaterial} or an import made. `material` is copied. */
export async function loadSoftwareAsymmetricKey(pair: {
  readonly material: Uint8Array;
  readonly publicKey: Uint8Array;
}): Promise<SoftwareAsymmetricKey> {
  const publicKey = await loadPublicKey(pair.publicKey);
  return new SoftwareAsymmetricKey(await loadPrivateKey(pair.material), publicKey);
}
