/** A data key, and how the KMS wrapped it. */
export interface DataKey {
  /** Whoever holds it wipes it. */
  readonly dataKey: Uint8Array;
  readonly wrappedKey: Uint8Array;
  /** The CMK. */
  readonly keyId: string;
}

/** Asks the KMS. The signal is aborted when nobody waits for the answer any more. */
export type Load<Key extends DataKey> = (signal: AbortSignal | undefined) => Promise<Key>;
