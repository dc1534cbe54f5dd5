import { LanelockError } from "../../errors.ts";
import { isPromise } from "../../shared/maybe-promise.ts";
import { codeOf, messageOf } from "../../shared/thrown.ts";
import { isKmsErrorCode, KmsError } from "../ports/errors.ts";
import type {
  AsymmetricKey,
  Capability,
  CipherKey,
  CreatedKeyObject,
  CreateKeyObject,
  ImportKeyObject,
  KeyProvider,
  MaterialWrapper,
  MaybePromise,
  PoolUsage,
  ProtectionLevel,
  ProviderHost,
  StoredKeyObject,
} from "../ports/index.ts";

/** What a provider says of ciphertext that is not genuine. The KMS gives one answer to all of them. */
const NOT_GENUINE = ["ERR_AUTHENTICATION", "ERR_PADDING", "ERR_LENGTH"] as const;

interface Guarded<T, R = MaybePromise<T>> {
  /** The method, for messages. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
  readonly work: () => R;
  /** Whether the result is one that the port allows. */
  readonly fits: (result: T) => boolean;
}

const isBytes = (value: unknown) => Object.prototype.toString.call(value) === "[object Uint8Array]";
const isObject = (value: unknown) => typeof value === "object" && value !== null;
const isCreated = (made: CreatedKeyObject) => isObject(made) && isBytes(made.handle);
const anything = () => true;

/**
 * A caller's own provider, which may throw or return anything. What it throws reaches the KMS as one of our errors, `ERR_PROVIDER` unless
 * it is one already (of another copy of the package too), or as the reason of the abort. A result that the port does not
 * allow is `ERR_PROVIDER` as well.
 */
export class GuardedProvider implements KeyProvider {
  readonly name: string;
  readonly protectionLevel: ProtectionLevel;
  readonly #provider: KeyProvider;

  constructor(provider: KeyProvider) {
    this.name = provider.name;
    this.protectionLevel = provider.protectionLevel;
    this.#provider = provider;
  }

  async open(host: ProviderHost): Promise<void> {
    return this.#run({ what: "open", work: () => this.#provider.open(host), fits: anything });
  }

  pool(): PoolUsage | undefined {
    return this.#provider.pool?.();
  }

  async close(): Promise<void> {
    return this.#run({ what: "close", work: () => this.#provider.close(), fits: anything });
  }

  capabilities(): readonly Capability[] {
    return this.#now({ what: "capabilities", work: () => this.#provider.capabilities(), fits: Array.isArray });
  }

  async createKey(request: CreateKeyObject): Promise<CreatedKeyObject> {
    const work = () => this.#provider.createKey(request);
    return this.#run({ what: "createKey", signal: request.signal, work, fits: isCreated });
  }

  async importKey(request: ImportKeyObject): Promise<CreatedKeyObject> {
    const work = () => this.#provider.importKey(request);
    return this.#run({ what: "importKey", signal: request.signal, work, fits: isCreated });
  }

  async destroyKey(object: StoredKeyObject): Promise<void> {
    const work = () => this.#provider.destroyKey(object);
    return this.#run({ what: "destroyKey", signal: object.signal, work, fits: anything });
  }

  loadCipherKey(object: StoredKeyObject): MaybePromise<CipherKey> {
    const work = () => this.#provider.loadCipherKey(object);
    const loaded = this.#run({ what: "loadCipherKey", signal: object.signal, work, fits: isObject });
    return isPromise(loaded) ? loaded.then((key) => this.#cipherKey(key)) : this.#cipherKey(loaded);
  }

  loadAsymmetricKey(object: StoredKeyObject): MaybePromise<AsymmetricKey> {
    const work = () => this.#provider.loadAsymmetricKey(object);
    const loaded = this.#run({ what: "loadAsymmetricKey", signal: object.signal, work, fits: isObject });
    return isPromise(loaded) ? loaded.then((key) => this.#asymmetricKey(key)) : this.#asymmetricKey(loaded);
  }

  rewrap(object: StoredKeyObject, to: MaterialWrapper): Uint8Array {
    return this.#now({ what: "rewrap", work: () => this.#provider.rewrap(object, to), fits: isBytes });
  }

  #cipherKey(key: CipherKey): CipherKey {
    const use = (what: "encrypt" | "decrypt"): CipherKey["encrypt"] => {
      return (request) => this.#run({ what, signal: request.signal, work: () => key[what](request), fits: isBytes });
    };
    return {
      ...{ synchronous: key.synchronous === true, encrypt: use("encrypt"), decrypt: use("decrypt") },
      dispose: () => this.#now({ what: "dispose", work: () => key.dispose(), fits: anything }),
    };
  }

  #asymmetricKey(key: AsymmetricKey): AsymmetricKey {
    const use = (what: "encrypt" | "decrypt"): AsymmetricKey["encrypt"] => {
      return (request) => this.#run({ what, signal: request.signal, work: () => key[what](request), fits: isBytes });
    };
    return {
      ...{ publicKey: key.publicKey, encrypt: use("encrypt"), decrypt: use("decrypt") },
      sign: (request) =>
        this.#run({ what: "sign", signal: request.signal, work: () => key.sign(request), fits: isBytes }),
      verify: (request) => {
        const fits = (answer: unknown) => typeof answer === "boolean";
        return this.#run({ what: "verify", signal: request.signal, work: () => key.verify(request), fits });
      },
      dispose: () => this.#now({ what: "dispose", work: () => key.dispose(), fits: anything }),
    };
  }

  #now<T>({ what, work, fits }: Guarded<T, T>): T {
    try {
      return this.#checked(what, work(), fits);
    } catch (error) {
      throw this.#ours(what, error, undefined);
    }
  }

  #run<T>({ what, signal, work, fits }: Guarded<T>): MaybePromise<T> {
    try {
      const result = work();
      if (!isPromise(result)) return this.#checked(what, result, fits);
      // A promise of this realm, whatever the provider's is.
      return Promise.resolve(result).then(
        (settled) => this.#checked(what, settled, fits),
        (error) => {
          throw this.#ours(what, error, signal);
        },
      );
    } catch (error) {
      throw this.#ours(what, error, signal);
    }
  }

  #checked<T>(what: string, result: T, fits: (result: T) => boolean): T {
    if (fits(result)) return result;
    throw new LanelockError("ERR_PROVIDER", `${this.#where(what)} did not return what KeyProvider demands of it.`);
  }

  #ours(what: string, error: unknown, signal: AbortSignal | undefined): unknown {
    if (error instanceof LanelockError || (signal?.aborted && error === signal.reason)) return error;
    const code = codeOf(error);
    const genuine = NOT_GENUINE.find((one) => one === code);
    if (genuine !== undefined) return new LanelockError(genuine, messageOf(error), { cause: error });
    if (code !== undefined && isKmsErrorCode(code)) return new KmsError(code, messageOf(error), { cause: error });
    const advice = "The same call may succeed later; the cause says what its author knows.";
    const message = `${this.#where(what)} failed: ${messageOf(error)}. ${advice}`;
    return new LanelockError("ERR_PROVIDER", message, { cause: error });
  }

  #where(what: string): string {
    return `${what} of the provider of ${this.protectionLevel} keys (${this.name})`;
  }
}
