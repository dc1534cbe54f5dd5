/** A data key, and its wrapped form. */
export interface DataKey {
  /** The holder wipes it. */
  readonly dataKey: Uint8Array;
  readonly wrappedKey: Uint8Array;
  /** The CMK. */
  readonly keyId: string;
}

/** Calls the KMS. The signal is aborted when nobody waits for the answer any more. */
export type Load<Key extends DataKey> = (signal: AbortSignal | undefined) => Promise<Key>;
