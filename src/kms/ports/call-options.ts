/** Options every operation takes. */
export interface CallOptions {
  /** Ends a call that waits (for a token, an external key manager, a server): it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}
