import type { PinSource } from "./pin.ts";

// The options that callers write down, apart from the code that takes them: the declarations of `lanelock/pkcs11` lead to no
// type of Node or pkcs11js.

export interface ModuleOptions {
  /** Path or name of the PKCS#11 library: `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly module: string;
  /** What NSS softokn takes in C_Initialize: `configdir='sql:/path' certPrefix='' keyPrefix='' secmod='secmod.db' flags=`. */
  readonly libraryParameters?: string | undefined;
  /**
   * Whether this process may finalize and initialize the module again to find a lost token (SoftHSM needs it). Set it to false
   * when other code or another thread of the process uses the same module; this applies to all providers of the module.
   * Default true.
   */
  readonly reinitialize?: boolean | undefined;
}

/** Which token of a module: by the label it was initialized with, or by its serial number. */
export type TokenSelector = { readonly label: string } | { readonly serial: string };

export interface TokenOptions extends ModuleOptions {
  readonly token: TokenSelector;
  readonly pin: PinSource;
  readonly sessions?: SessionLimits | undefined;
}

export interface SessionLimits {
  /** Sessions open at once, 1 or more. Default 8. Calls in the thread pool need a thread each (UV_THREADPOOL_SIZE, 4). */
  readonly max?: number | undefined;
  /** Callers that may wait for a session, in order; the next fails at once. Default: no limit. */
  readonly maxWaiting?: number | undefined;
  /** How long a caller waits for a session, and then for the token, in ms. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}
