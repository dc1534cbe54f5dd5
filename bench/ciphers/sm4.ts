import { randomBytes } from "node:crypto";
import { sm4Gcm } from "lanelock";
import { sm4Cbc, sm4Ctr, sm4Ecb } from "lanelock/unauthenticated";
import type { Bar, Case, Contender } from "../case.ts";
import { type BlockInput, NODE, nodeDecrypt, nodeEncrypt, nodeHas, nodeSeal } from "../rivals/node-crypto.ts";
import { SM_CRYPTO, smCryptoDecrypt, smCryptoEncrypt } from "../rivals/sm-crypto.ts";
import { label, OWN, outputFor, SIZES } from "../sizes.ts";

const MIB = 1048576;
const NODE_CTR = "node:crypto sm4-ctr";
const key = new Uint8Array(randomBytes(16));
const iv = new Uint8Array(randomBytes(16));
const aad = new Uint8Array(randomBytes(16));
const aead = sm4Gcm(key);

const GCM_BARS: { readonly [bytes: number]: readonly Bar[] } = {
  64: [{ against: NODE_CTR, atLeast: 4 }],
  [MIB]: [
    { against: NODE_CTR, atLeast: 3, nodes: [20] },
    { against: NODE_CTR, atLeast: 3.5, nodes: [24] },
    { against: NODE, atLeast: 3, nodes: [26] },
  ],
};

function gcm(bytes: number): Case {
  const data = new Uint8Array(randomBytes(bytes));
  const nonce = iv.subarray(0, 12);
  const input = { algorithm: "sm4-gcm", key, nonce, aad, data };
  const into = outputFor(bytes) && new Uint8Array(bytes + 16);
  // The outputs of GCM and CTR differ: the rival does less, since most versions of Node have no SM4-GCM.
  const counter = { ...nodeEncrypt({ algorithm: "sm4-ctr", key, iv, data }), name: NODE_CTR };
  return {
    name: `SM4-GCM seal ${label(bytes)}`,
    bytes,
    bars: GCM_BARS[bytes] ?? [],
    sameOutput: false,
    contenders: [
      { name: OWN, run: () => aead.seal(nonce, data, { aad, into }) },
      counter,
      ...(nodeHas("sm4-gcm") ? [nodeSeal(input)] : []),
    ],
  };
}

interface Mode {
  own: (data: Uint8Array, into: Uint8Array | undefined) => Contender["run"];
  mode: "ecb" | "cbc" | "ctr";
  direction: "encrypt" | "decrypt";
  bytes?: number;
  bars: readonly Bar[];
}

function rivals(input: BlockInput, { mode, direction }: Mode): Contender[] {
  const native = direction === "encrypt" ? nodeEncrypt(input) : nodeDecrypt(input);
  if (mode === "ctr") return [native];
  return [native, direction === "encrypt" ? smCryptoEncrypt(input) : smCryptoDecrypt(input)];
}

function blockCase(one: Mode): Case {
  const { mode, direction, bytes = MIB, bars } = one;
  const data = new Uint8Array(randomBytes(bytes));
  const input = { algorithm: `sm4-${mode}`, key, iv: mode === "ecb" ? null : iv, data };
  const name = `SM4-${mode.toUpperCase()} ${direction} ${label(bytes)}`;
  return {
    name,
    bytes,
    bars,
    contenders: [{ name: OWN, run: one.own(data, outputFor(bytes)) }, ...rivals(input, one)],
  };
}

const ecb = sm4Ecb(key, { padding: "none" });
const cbc = sm4Cbc(key, { padding: "none" });
const ctr = sm4Ctr(key);
const FIVE_TIMES: readonly Bar[] = [{ against: NODE, atLeast: 5 }];
const SERIAL: readonly Bar[] = [
  { against: NODE, atLeast: 0.5 },
  { against: SM_CRYPTO, atLeast: 1.5 },
];

const modes: readonly Mode[] = [
  { mode: "ecb", direction: "encrypt", bars: FIVE_TIMES, own: (data, into) => () => ecb.encrypt(data, { into }) },
  { mode: "ecb", direction: "decrypt", bars: FIVE_TIMES, own: (data, into) => () => ecb.decrypt(data, { into }) },
  { mode: "ctr", direction: "encrypt", bars: FIVE_TIMES, own: (data, into) => () => ctr.encrypt(iv, data, { into }) },
  { mode: "cbc", direction: "decrypt", bars: FIVE_TIMES, own: (data, into) => () => cbc.decrypt(iv, data, { into }) },
  {
    mode: "cbc",
    direction: "encrypt",
    bytes: 16384,
    bars: SERIAL,
    own: (data, into) => () => cbc.encrypt(iv, data, { into }),
  },
];

export const sm4Cases: readonly Case[] = [...SIZES.map(gcm), ...modes.map(blockCase)];
