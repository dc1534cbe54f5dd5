import { randomBytes } from "node:crypto";
import type { KeyBinding, KeySpec, ProviderHost } from "../../../src/kms/ports/index.ts";

let count = 0;

/** A binding as the KMS draws it: a fresh version every time. */
export function binding(keySpec: KeySpec, more: Partial<KeyBinding> = {}): KeyBinding {
  count += 1;
  const keyId = `key-test${randomBytes(8).toString("hex")}`;
  const isSymmetric = keySpec.startsWith("Aliyun");
  return {
    purpose: "key",
    keyId,
    versionId: `${keyId}-${String(count).padStart(10, "0")}`.slice(-36),
    keySpec,
    keyUsage: "ENCRYPT/DECRYPT",
    origin: "Aliyun_KMS",
    protectionLevel: "HSM",
    mode: isSymmetric ? "GCM" : "NONE",
    ...more,
  };
}

/** What a provider of a token asks of its host is the store's name; it wraps nothing. */
export const host: ProviderHost = {
  storeId: "6f1c6e0e-2b5c-4c0e-8b8e-2f7d5f1f7a11",
  wrap: () => {
    throw new Error("a token's keys are not wrapped by the store");
  },
  unwrap: () => {
    throw new Error("a token's keys are not wrapped by the store");
  },
};

export const iv = (mode: KeyBinding["mode"]) => randomBytes({ GCM: 12, CBC: 16, ECB: 0, NONE: 0 }[mode]);

/** Runs what may throw at once or later, so that a test can expect either alike. */
export async function outcome<T>(work: () => T | Promise<T>): Promise<T> {
  return work();
}
