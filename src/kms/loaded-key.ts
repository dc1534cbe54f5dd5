import type { InvocationCounter } from "./invocations.ts";
import type { AsymmetricKey, CipherKey } from "./ports/index.ts";

/** A symmetric key object in the cache, with what encrypting under it needs. */
export interface LoadedCipherKey {
  readonly versionId: string;
  readonly key: CipherKey;
  /** The version id as it stands in a blob. */
  readonly prefix: Uint8Array;
  readonly invocations: InvocationCounter;
  /** False once it was evicted; a call that finds it so loads the key again. */
  live: boolean;
  dispose(): void;
}

export interface LoadedAsymmetricKey {
  readonly versionId: string;
  readonly key: AsymmetricKey;
  /** As in {@link LoadedCipherKey}. */
  live: boolean;
  dispose(): void;
}
