// What is proved: an export, or several, against a standard.
import type { Byte } from "../algebra.ts";
import { type BlockCipher, blockCipher } from "../standards/block-cipher.ts";
import { zeroBlock } from "../standards/sp800-38b.ts";
import { cutBlock, Ghash, type Hash, UnknownHash } from "../standards/sp800-38d.ts";
import type { SymbolicEngine } from "../symbolic-engine.ts";

export interface EqualityCase {
  readonly name: string;
  /** Returns what differs, for some key and text. */
  readonly run: (engine: SymbolicEngine) => string[];
}

export interface CipherCase {
  readonly name: string;
  readonly cipher: "aes" | "sm4";
  readonly keyLength: number;
}

export const ciphers = {
  "AES-128": { name: "AES-128", cipher: "aes", keyLength: 16 },
  "AES-192": { name: "AES-192", cipher: "aes", keyLength: 24 },
  "AES-256": { name: "AES-256", cipher: "aes", keyLength: 32 },
  SM4: { name: "SM4", cipher: "sm4", keyLength: 16 },
} as const satisfies Readonly<Record<string, CipherCase>>;

export type CipherName = keyof typeof ciphers;

/** Expands a key that may have any value, in the engine and by the standard; at `io` the key stays. */
export function expand(engine: SymbolicEngine, { cipher, keyLength }: CipherCase, slot = engine.slot): BlockCipher {
  const key = engine.unknown(engine.io, keyLength, "key");
  const standard = blockCipher(engine.algebra, cipher, key);
  engine.call(`${cipher}Expand`, slot, engine.io, keyLength);
  // Most lanes that no text fills hold zeros, as scratch is between calls. That their S-boxes are known spares the algebra much.
  standard.encrypt(zeroBlock());
  standard.decrypt(zeroBlock());
  return standard;
}

/** From how many hashed blocks on a key has powers of H, and how many (assembly/ghash/): facts of the program, not of the standard. */
const stepping = { from: 12, powers: 4 };

export const ghashOf = (engine: SymbolicEngine, h: readonly Byte[]): Ghash => new Ghash(engine.algebra, h, stepping);

export function unknownHash(engine: SymbolicEngine): Hash {
  const hash = new UnknownHash(engine.algebra, () => engine.any(16, "hash"));
  engine.summarizeGhash((state, data) => hash.update(state, data));
  return hash;
}

/** A key of GCM that may have any value, in the engine and by the standard. */
export interface GcmKey {
  readonly standard: BlockCipher;
  readonly ghash: Hash;
}

/** How GHASH enters a proof: with all its products, or as a function that is unknown in the standard and in the engine alike. */
export type Hashing = "multiplied" | "unknown";

export function expandGcm(engine: SymbolicEngine, cipher: CipherCase, hashing: Hashing): GcmKey {
  const key = engine.unknown(engine.io, cipher.keyLength, "key");
  const standard = blockCipher(engine.algebra, cipher.cipher, key);
  // The standard makes H before the engine does, so that the S-boxes are known.
  const h = cutBlock(engine.algebra, standard.encrypt(zeroBlock()), "H", { factor: true, through: true });
  engine.call(`${cipher.cipher}Expand`, engine.slot, engine.io, cipher.keyLength);
  engine.call(`${cipher.cipher}GcmExpand`, engine.slot);
  return { standard, ghash: hashing === "unknown" ? unknownHash(engine) : ghashOf(engine, h) };
}

/** Public bytes of no pattern that could hide a fault. */
export const publicBytes = (length: number, first = 3): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => 17 * i + first + (i >> 4));

export const roundUp = (length: number): number => Math.ceil(length / 16) * 16;
