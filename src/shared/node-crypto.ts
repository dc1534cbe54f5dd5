// What the ciphers use of node:crypto. Declared here: the types of Node are not there in projects for pages.

/** A cipher object, for either direction; those of GCM alone have the methods for tags. */
export interface NodeCipher {
  update(data: Uint8Array): Uint8Array;
  final(): Uint8Array;
  setAAD(aad: Uint8Array): unknown;
  getAuthTag(): Uint8Array;
  setAuthTag(tag: Uint8Array): unknown;
  setAutoPadding(pads: boolean): unknown;
}

/** A key that node:crypto holds. */
export type NodeKey = object;

type CreateCipher = (
  algorithm: string,
  key: NodeKey,
  iv: Uint8Array | null,
  options?: { readonly authTagLength: number },
) => NodeCipher;

export interface NodeCrypto {
  readonly createCipheriv: CreateCipher;
  readonly createDecipheriv: CreateCipher;
  /** Copies the bytes. */
  readonly createSecretKey: (key: Uint8Array) => NodeKey;
  readonly getCipherInfo?: (algorithm: string) => unknown;
}

let found: { readonly crypto: NodeCrypto | undefined } | undefined;

/** node:crypto, if the host has it. A Node built without it throws; other hosts have only a part of it. Looked up at run time, not
 * imported, so that bundles for pages neither contain nor require it. */
export function nodeCrypto(): NodeCrypto | undefined {
  found ??= { crypto: findCrypto() };
  return found.crypto;
}

function findCrypto(): NodeCrypto | undefined {
  try {
    const crypto: unknown = globalThis.process?.getBuiltinModule?.("node:crypto");
    return hasCiphers(crypto) ? crypto : undefined;
  } catch {
    return undefined;
  }
}

function hasCiphers(crypto: unknown): crypto is NodeCrypto {
  return typeof Object(crypto).createCipheriv === "function";
}
