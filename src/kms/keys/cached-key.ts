import type { AsymmetricKey, CipherKey } from "../ports/index.ts";
import type { InvocationCounter } from "./invocations.ts";

/** A key object that is ready for use. It is wiped when it has left the cache and no call holds it. */
export abstract class CachedKey {
  #holders = 0;
  #dropped = false;
  #ended = false;

  /** For a call that waits before it uses the key. A call that uses it at once need not hold it. */
  hold(): void {
    this.#holders++;
  }

  release(): void {
    this.#holders--;
    this.#endWhenUnused();
  }

  /** Called when it leaves the cache. */
  dispose(): void {
    this.#dropped = true;
    this.#endWhenUnused();
  }

  #endWhenUnused(): void {
    if (!this.#dropped || this.#holders > 0 || this.#ended) return;
    this.#ended = true;
    this.end();
  }

  /** Wipes it. */
  protected abstract end(): void;
}

/** A symmetric key object, with the parts that encryption needs. */
export interface CipherKeyParts {
  readonly versionId: string;
  readonly key: CipherKey;
  /** The version id as it stands in a blob. */
  readonly prefix: Uint8Array;
  readonly invocations: InvocationCounter;
  /** Gives back the counter's unused reservation, in the background. */
  readonly release: (invocations: InvocationCounter) => void;
}

export class CachedCipherKey extends CachedKey {
  readonly versionId: string;
  readonly key: CipherKey;
  readonly prefix: Uint8Array;
  readonly invocations: InvocationCounter;
  readonly #release: CipherKeyParts["release"];

  constructor({ versionId, key, prefix, invocations, release }: CipherKeyParts) {
    super();
    this.versionId = versionId;
    this.key = key;
    this.prefix = prefix;
    this.invocations = invocations;
    this.#release = release;
  }

  protected end(): void {
    this.key.dispose();
    this.#release(this.invocations);
  }
}

export class CachedAsymmetricKey extends CachedKey {
  readonly versionId: string;
  readonly key: AsymmetricKey;

  constructor(versionId: string, key: AsymmetricKey) {
    super();
    this.versionId = versionId;
    this.key = key;
  }

  protected end(): void {
    this.key.dispose();
  }
}
