import { createCipheriv, randomBytes } from "node:crypto";
import { aessiv, gcmsiv } from "@noble/ciphers/aes.js";
import { aesCcm, aesGcm, aesGcmSiv, aesSiv, type MessageAead, xaes256Gcm } from "lanelock";
import type { Bar, Case, Contender } from "../case.ts";
import { NOBLE } from "../rivals/noble.ts";
import { NODE } from "../rivals/node-crypto.ts";
import { label, OWN, outputFor } from "../sizes.ts";

// The AEADs that seal whole messages, each beside others of its kind and our own AES-GCM, which does less.

const GCM = "AES-256-GCM in wasm";
const key = new Uint8Array(randomBytes(32));
const sivKey = new Uint8Array(randomBytes(64));
const gcm = aesGcm(key, { backend: "wasm" });

const SIZES = [32, 1024, 1048576];

interface Kind {
  readonly name: string;
  readonly aead: Pick<MessageAead, "seal">;
  readonly nonceLength: number;
  readonly rivals: (nonce: Uint8Array, aad: Uint8Array, data: Uint8Array) => readonly Contender[];
  readonly bars: { readonly [bytes: number]: readonly Bar[] };
}

const siv = aesSiv(sivKey);

const kinds: readonly Kind[] = [
  {
    name: "AES-256-GCM-SIV",
    aead: aesGcmSiv(key),
    nonceLength: 12,
    rivals: (nonce, aad, data) => [{ name: NOBLE, run: () => gcmsiv(key, nonce, aad).encrypt(data) }],
    bars: {
      1048576: [
        { against: NOBLE, atLeast: 8 },
        { against: GCM, atLeast: 0.6 },
      ],
    },
  },
  {
    name: "XAES-256-GCM",
    aead: xaes256Gcm(key),
    nonceLength: 24,
    rivals: () => [],
    // 1.5 µs over GCM for a message.
    bars: { 32: [{ against: GCM, atLeast: 0.25 }] },
  },
  {
    name: "AES-256-CCM",
    aead: aesCcm(key),
    nonceLength: 12,
    rivals: (nonce, aad, data) => [{ name: NODE, run: () => nodeCcm(nonce, aad, data) }],
    bars: {},
  },
  {
    name: "AES-256-SIV",
    aead: {
      seal: (nonce, data, options) => siv.seal(data, { nonce, aad: [options?.aad ?? nonce], into: options?.into }),
    },
    nonceLength: 16,
    rivals: (nonce, aad, data) => [{ name: NOBLE, run: () => aessiv(sivKey, aad, nonce).encrypt(data) }],
    bars: { 1048576: [{ against: NOBLE, atLeast: 2 }] },
  },
];

function nodeCcm(nonce: Uint8Array, aad: Uint8Array, data: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-ccm", key, nonce, { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: data.length });
  return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
}

function seal({ name, aead, nonceLength, rivals, bars }: Kind, bytes: number): Case {
  const nonce = new Uint8Array(randomBytes(nonceLength));
  const aad = new Uint8Array(randomBytes(16));
  const data = new Uint8Array(randomBytes(bytes));
  const into = outputFor(bytes) && new Uint8Array(bytes + 16);
  return {
    name: `${name} seal ${label(bytes)}`,
    bytes,
    bars: bars[bytes] ?? [],
    // Our own GCM is there for comparison, and gives another ciphertext.
    sameOutput: false,
    contenders: [
      { name: OWN, run: () => aead.seal(nonce, data, { aad, into }) },
      ...rivals(nonce, aad, data),
      { name: GCM, run: () => gcm.seal(nonce.subarray(0, 12), data, { aad, into }) },
    ],
  };
}

export const messageAeadCases: readonly Case[] = kinds.flatMap((kind) => SIZES.map((bytes) => seal(kind, bytes)));
