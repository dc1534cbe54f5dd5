import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Bytes } from "../../engine/arguments.ts";

export interface HkdfInput {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  readonly info: Uint8Array;
  /** Bytes to derive. */
  readonly length: number;
}

type Hkdf = (input: HkdfInput) => Bytes;

export function portableHkdf({ key, salt, info, length }: HkdfInput): Bytes {
  return hkdf(sha256, key, salt, info, length);
}

/** Node's own, where there is one: every message derives its keys, and it takes about half the time of JavaScript. */
export const platformHkdf: Hkdf | undefined = nodeHkdf();

/** HKDF with SHA-256 (RFC 5869), extract and expand. */
export const hkdfSha256: Hkdf = platformHkdf ?? portableHkdf;

function nodeHkdf(): Hkdf | undefined {
  const hkdfSync = globalThis.process?.getBuiltinModule?.("node:crypto")?.hkdfSync;
  return hkdfSync && (({ key, salt, info, length }) => new Uint8Array(hkdfSync("sha256", key, salt, info, length)));
}
