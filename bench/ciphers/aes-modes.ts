import { randomBytes } from "node:crypto";
import { aesCbc, aesCtr, aesEcb } from "lanelock/unauthenticated";
import type { Bar, Case, Contender } from "../case.ts";
import { NOBLE, nobleDecrypt, nobleEncrypt } from "../rivals/noble.ts";
import { type BlockInput, nodeDecrypt, nodeEncrypt } from "../rivals/node-crypto.ts";
import { label, OWN, outputFor, SIZES } from "../sizes.ts";

type Direction = "encrypt" | "decrypt";

interface Mode {
  mode: "ctr" | "cbc" | "ecb";
  keyBytes: number;
  direction: Direction;
  bytes: number;
  atLeast?: number;
}

function own({ algorithm, key, iv, data }: BlockInput, direction: Direction): Contender {
  const padding = { padding: "none", backend: "wasm" } as const;
  const options = { into: outputFor(data.length) };
  if (iv === null) {
    const ecb = aesEcb(key, padding);
    return { name: OWN, run: () => ecb[direction](data, options) };
  }
  const cipher = algorithm.endsWith("ctr") ? aesCtr(key, { backend: "wasm" }) : aesCbc(key, padding);
  return { name: OWN, run: () => cipher[direction](iv, data, options) };
}

function aesCase({ mode, keyBytes, direction, bytes, atLeast }: Mode): Case {
  const one: BlockInput = {
    algorithm: `aes-${keyBytes * 8}-${mode}`,
    key: new Uint8Array(randomBytes(keyBytes)),
    iv: mode === "ecb" ? null : new Uint8Array(randomBytes(16)),
    data: new Uint8Array(randomBytes(bytes)),
  };
  const rivals =
    direction === "encrypt" ? [nodeEncrypt(one), nobleEncrypt(one)] : [nodeDecrypt(one), nobleDecrypt(one)];
  const bars: Bar[] = atLeast === undefined ? [] : [{ against: NOBLE, atLeast }];
  const name = `AES-${keyBytes * 8}-${mode.toUpperCase()} ${direction} ${label(bytes)}`;
  return { name, bytes, bars, contenders: [own(one, direction), ...rivals] };
}

const MIB = 1048576;

export const aesModeCases: readonly Case[] = [
  ...SIZES.map((bytes): Mode => {
    const bulk = bytes === MIB ? { atLeast: 6 } : {};
    return { mode: "ctr", keyBytes: 32, direction: "encrypt", bytes, ...bulk };
  }),
  { mode: "ctr", keyBytes: 16, direction: "encrypt", bytes: MIB, atLeast: 8 } as const,
  { mode: "cbc", keyBytes: 32, direction: "encrypt", bytes: 16384, atLeast: 1.2 } as const,
  { mode: "cbc", keyBytes: 32, direction: "decrypt", bytes: MIB, atLeast: 5 } as const,
  { mode: "ecb", keyBytes: 32, direction: "encrypt", bytes: MIB, atLeast: 5 } as const,
  { mode: "ecb", keyBytes: 32, direction: "decrypt", bytes: MIB, atLeast: 5 } as const,
].map(aesCase);
