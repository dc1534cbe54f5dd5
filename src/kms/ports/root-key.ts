/**
 * Where the secret comes from that everything at rest depends on. `Kms.open({ rootKey })` also takes 32 bytes, a file or an
 * environment variable and makes one of these; `pkcs11Root()` is one whose secret only a token can open.
 */
export interface RootKeySource {
  /** For messages: `file /etc/lanelock/root.key`. */
  readonly name: string;
  /**
   * Gives the 32-byte secret of a store.
   *
   * @param request.storeId bind what you seal to it.
   * @param request.sealed what this source returned as `sealed` when the store was created, or last rewrapped; absent then.
   * @returns `secret` (the KMS wipes it; hand out a copy) and, from a source that keeps its secret in the store, `sealed`.
   * @throws LanelockError `ERR_KEY` when it does not fit this store, `ERR_PROVIDER` when it cannot be reached.
   */
  unlock(request: UnlockRequest): Promise<UnlockedRoot>;
  close?(): Promise<void>;
}

export interface UnlockRequest {
  readonly storeId: string;
  readonly sealed?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface UnlockedRoot {
  readonly secret: Uint8Array;
  readonly sealed?: Uint8Array | undefined;
}
