import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import { aeskw, cfb, cmac } from "@noble/ciphers/aes.js";
import { aesKw } from "lanelock/key-wrap";
import { aesCmac, sm4Cmac } from "lanelock/mac";
import { aesCbc, aesCfb, aesCtr, sm4Cbc } from "lanelock/unauthenticated";
import type { Case } from "../case.ts";
import { NOBLE } from "../rivals/noble.ts";
import { NODE, nodeDecrypt } from "../rivals/node-crypto.ts";
import { label, OWN, outputFor } from "../sizes.ts";

// CMAC beside our own CBC, whose chain of blocks it shares; CFB decryption beside our CTR, which is as parallel; key wrap.

const KIB16 = 16384;
const MIB = 1048576;
const fresh = (bytes: number) => new Uint8Array(randomBytes(bytes));

function cmacCase(bytes: number): Case {
  const [key, data, iv] = [fresh(32), fresh(bytes), fresh(16)];
  const mac = aesCmac(key);
  const cbc = aesCbc(key, { padding: "none", backend: "wasm" });
  return {
    name: `AES-256-CMAC ${label(bytes)}`,
    bytes,
    sameOutput: false,
    bars: [{ against: NOBLE, atLeast: 1.2 }],
    contenders: [
      { name: OWN, run: () => mac.mac(data) },
      { name: NOBLE, run: () => cmac(data, key) },
      { name: "lanelock CBC", run: () => cbc.encrypt(iv, data) },
    ],
  };
}

function sm4CmacCase(bytes: number): Case {
  const [key, data, iv] = [fresh(16), fresh(bytes), fresh(16)];
  const mac = sm4Cmac(key);
  const cbc = sm4Cbc(key, { padding: "none" });
  return {
    name: `SM4-CMAC ${label(bytes)}`,
    bytes,
    sameOutput: false,
    contenders: [
      { name: OWN, run: () => mac.mac(data) },
      { name: "lanelock CBC", run: () => cbc.encrypt(iv, data) },
    ],
  };
}

function cfbCase(bytes: number): Case {
  const [key, data, iv] = [fresh(32), fresh(bytes), fresh(16)];
  const options = { into: outputFor(bytes) };
  const output = outputFor(bytes);
  const own = aesCfb(key);
  const ctr = aesCtr(key, { backend: "wasm" });
  return {
    name: `AES-256-CFB decrypt ${label(bytes)}`,
    bytes,
    sameOutput: false,
    bars: [{ against: NOBLE, atLeast: 2 }],
    contenders: [
      { name: OWN, run: () => own.decrypt(iv, data, options) },
      nodeDecrypt({ algorithm: "aes-256-cfb", key, iv, data }),
      { name: NOBLE, run: () => cfb(key, iv).decrypt(data, output) },
      { name: "lanelock CTR", run: () => ctr.encrypt(iv, data, options) },
    ],
  };
}

function wrapCases(): Case[] {
  const [key, material] = [fresh(32), fresh(32)];
  const [secret, initial] = [createSecretKey(key), Buffer.alloc(8, 0xa6)];
  const kw = aesKw(key);
  const wrapped = kw.wrap(material);
  const bars = [{ against: NODE, atLeast: 1 }];
  return [
    {
      name: "AES-256-KW wrap 32 B",
      bytes: 32,
      bars,
      contenders: [
        { name: OWN, run: () => kw.wrap(material) },
        { name: NODE, run: () => createCipheriv("id-aes256-wrap", secret, initial).update(material) },
        { name: NOBLE, run: () => Uint8Array.from(aeskw(key).encrypt(material)) },
      ],
    },
    {
      name: "AES-256-KW unwrap 32 B",
      bytes: 32,
      bars,
      contenders: [
        { name: OWN, run: () => kw.unwrap(wrapped) },
        { name: NODE, run: () => createDecipheriv("id-aes256-wrap", secret, initial).update(wrapped) },
        { name: NOBLE, run: () => Uint8Array.from(aeskw(key).decrypt(wrapped)) },
      ],
    },
  ];
}

export const macAndWrapCases: readonly Case[] = [
  cmacCase(32),
  cmacCase(KIB16),
  sm4CmacCase(KIB16),
  cfbCase(MIB),
  ...wrapCases(),
];
