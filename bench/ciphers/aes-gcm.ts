import { randomBytes } from "node:crypto";
import { aesGcm } from "lanelock";
import type { Bar, Case } from "../case.ts";
import { WEB_STREAMS, webStreamsOpen, webStreamsSeal } from "../rivals/encrypt-web-streams.ts";
import { NOBLE, nobleOpen, nobleSeal } from "../rivals/noble.ts";
import { type GcmInput, NODE, nodeOpen, nodeSeal } from "../rivals/node-crypto.ts";
import { AUTO, label, OWN, outputFor, SIZES } from "../sizes.ts";

const key = new Uint8Array(randomBytes(32));
const aead = aesGcm(key, { backend: "wasm" });
const auto = aesGcm(key);

function input(bytes: number): GcmInput {
  return {
    algorithm: "aes-256-gcm",
    key,
    nonce: new Uint8Array(randomBytes(12)),
    aad: new Uint8Array(randomBytes(16)),
    data: new Uint8Array(randomBytes(bytes)),
  };
}

const BULK: readonly Bar[] = [
  { against: NOBLE, atLeast: 8 },
  { against: WEB_STREAMS, atLeast: 6 },
  { against: NODE, atLeast: 0.12, nodes: [20] },
  { against: NODE, atLeast: 0.07, nodes: [24] },
];

const SEAL_BARS: { readonly [bytes: number]: readonly Bar[] } = {
  64: [
    { against: NODE, atLeast: 3 },
    { against: NOBLE, atLeast: 12 },
  ],
  1024: [
    { against: NODE, atLeast: 1, nodes: [20] },
    { against: NODE, atLeast: 1.2, nodes: [24] },
  ],
  1048576: BULK,
};

function seal(bytes: number): Case {
  const one = input(bytes);
  const { nonce, aad, data } = one;
  const into = outputFor(bytes) && new Uint8Array(bytes + 16);
  return {
    name: `AES-256-GCM seal ${label(bytes)}`,
    bytes,
    bars: SEAL_BARS[bytes] ?? [],
    contenders: [
      { name: OWN, run: () => aead.seal(nonce, data, { aad, into }) },
      { name: AUTO, run: () => auto.seal(nonce, data, { aad, into }) },
      nodeSeal(one),
      nobleSeal(one),
      webStreamsSeal(one),
    ],
  };
}

function open(bytes: number): Case {
  const plain = input(bytes);
  const { nonce, aad } = plain;
  const one = { ...plain, data: aead.seal(nonce, plain.data, { aad }) };
  const into = outputFor(bytes);
  return {
    name: `AES-256-GCM open ${label(bytes)}`,
    bytes,
    bars: bytes === 1048576 ? BULK : [],
    contenders: [
      { name: OWN, run: () => aead.open(nonce, one.data, { aad, into }) },
      nodeOpen(one),
      nobleOpen(one),
      webStreamsOpen(one),
    ],
  };
}

function freshKey(): Case {
  const one = input(32);
  const { nonce, aad, data } = one;
  return {
    name: "AES-256-GCM fresh key, seal 32 B, dispose",
    bytes: 32,
    bars: [{ against: NODE, atLeast: 1 }],
    contenders: [
      {
        name: OWN,
        run: () => {
          const fresh = aesGcm(key, { backend: "wasm" });
          const sealed = fresh.seal(nonce, data, { aad });
          fresh.dispose();
          return sealed;
        },
      },
      { name: NODE, run: () => nodeSeal(one).run() },
      nobleSeal(one),
    ],
  };
}

function many(): Case {
  const messages = Array.from({ length: 10_000 }, () => input(64));
  const records = messages.map(({ nonce, data, aad }) => ({ nonce, data, aad }));
  const rivals = messages.map((message) => nodeSeal(message));
  return {
    name: "AES-256-GCM seal 10,000 records of 64 B",
    bytes: 640_000,
    bars: [{ against: NODE, atLeast: 8 }],
    contenders: [
      {
        name: OWN,
        run: () => {
          aead.sealMany(records);
          return undefined;
        },
      },
      {
        name: NODE,
        run: () => {
          for (const rival of rivals) rival.run();
          return undefined;
        },
      },
    ],
  };
}

export const aesGcmCases: readonly Case[] = [...SIZES.map(seal), ...SIZES.map(open), freshKey(), many()];
