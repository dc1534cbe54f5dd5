import { randomFillSync } from "node:crypto";
import { engine } from "../../src/engine/load.ts";
import { aes, sm4 as sm4Module } from "../../src/engine/modules.ts";
import { takeSlot } from "../../src/engine/slots.ts";

/** An inner loop of the engine at work on all of its IO. */
export interface Loop {
  readonly name: string;
  readonly bytes: number;
  /** Vector operations per byte in the built code: arithmetic and moves within registers, no loads, no stores. */
  readonly operations: number;
  readonly run: () => void;
}

const { exports, bytes, io, nonce, build } = engine();
const e = { ...aes(), ...sm4Module() };
const size = exports.ioSize();

function slotWith(key: number, expand: (slot: number, key: number, length: number) => void, room: number): number {
  const slot = takeSlot(engine(), room).address;
  randomFillSync(bytes, io, 32);
  expand(slot, io, key);
  return slot;
}

const aes128 = slotWith(16, e.aesExpand, e.aesGcmSize());
const aes256 = slotWith(32, e.aesExpand, e.aesGcmSize());
const sm4 = slotWith(16, e.sm4Expand, e.sm4GcmSize());
const run = takeSlot(engine(), exports.runSize()).address;
e.aesGcmExpand(aes256);
randomFillSync(bytes, nonce, 12);
e.aesGcmStart(aes256, run, 12);

const loop = (name: string, operations: number, work: () => void): Loop => ({
  name,
  bytes: size,
  operations,
  run: work,
});

export const loops: readonly Loop[] = [
  loop("AES-256, by rows, 14 rounds (ECB)", 17.5, () => e.aesEcbEncrypt(aes256, io, size)),
  loop("AES-256-CTR, counter cache, 12 rounds", 14.5, () => e.aesCtr(aes256, nonce, io, size)),
  loop("AES-128-CTR, counter cache, 8 rounds", 9.9, () => e.aesCtr(aes128, nonce, io, size)),
  loop("SM4, bit-sliced (ECB)", 13.6, () => e.sm4EcbEncrypt(sm4, io, size)),
  loop(`GHASH, ${build} build`, build === "plain" ? 8.1 : 5.5, () => e.aesGcmHashText(aes256, run, io, size)),
];
