import { readFileSync } from "node:fs";
import type { KeyPair, Platform } from "../../src/asymmetric/platform.ts";
import { importPrivateKey } from "../../src/asymmetric/private-key.ts";
import { platform } from "../../src/asymmetric/this-platform.ts";
import type { AsymmetricKeySpec } from "../../src/shared/algorithms.ts";

/** With LANELOCK_LONG every key is a fresh one. */
export const long = process.env.LANELOCK_LONG === "1";

/** PKCS#8 of OpenSSL from `keys/`; nothing for the specs whose keys are made in no time. */
export function keptKey(spec: AsymmetricKeySpec): Uint8Array<ArrayBuffer> | undefined {
  if (long || !spec.startsWith("RSA")) return undefined;
  return new Uint8Array(readFileSync(new URL(`keys/${spec}.der`, import.meta.url)));
}

/** A pair of this spec: kept, or generated on the platform. */
export async function testPair(spec: AsymmetricKeySpec, on: Platform = platform()): Promise<KeyPair> {
  const kept = keptKey(spec);
  return kept ? importPrivateKey(kept, on) : on.generateKeyPair(spec);
}
