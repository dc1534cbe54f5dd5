export type NodeCrypto = typeof import("node:crypto");

let found: { readonly crypto: NodeCrypto | undefined } | undefined;

/** node:crypto, if the host has it. A Node built without it throws; other hosts have only a part of it. Looked up at run time, not
 * imported, so that bundles for pages neither contain nor require it. */
export function nodeCrypto(): NodeCrypto | undefined {
  found ??= { crypto: findCrypto() };
  return found.crypto;
}

function findCrypto(): NodeCrypto | undefined {
  try {
    const crypto = globalThis.process?.getBuiltinModule?.("node:crypto");
    return typeof crypto?.createCipheriv === "function" ? crypto : undefined;
  } catch {
    return undefined;
  }
}
