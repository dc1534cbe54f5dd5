import { randomFillSync } from "node:crypto";
import { engine } from "../../src/engine/load.ts";
import { aes, aesBlocks, sm4 } from "../../src/engine/modules.ts";
import { takeSlot } from "../../src/engine/slots.ts";
import { LanelockError } from "../../src/errors.ts";
import { aesGcm } from "../../src/index.ts";
import type { TimingCase } from "./case.ts";

// The engine as it runs in this process: its exports, and the AEAD as callers have it.

const { bytes, exports, io, nonce } = engine();
const e = { ...aes(), ...aesBlocks(), ...sm4() };
const slot = takeSlot(engine(), e.aesGcmSize()).address;

const zeros = (length: number) => new Uint8Array(length);
const randomly = (secret: Uint8Array) => void randomFillSync(secret);

interface Simple {
  readonly name: string;
  readonly length: number;
  readonly setUp?: () => void;
  readonly work: () => void;
}

/** Secret bytes in IO. */
function inIo({ name, length, setUp, work }: Simple): TimingCase {
  const place = (secret: Uint8Array) => {
    setUp?.();
    bytes.set(secret, io);
  };
  return { name, control: false, fixed: zeros(length), random: randomly, place, work };
}

function keySchedules(): TimingCase[] {
  return [
    inIo({ name: "AES-256 key schedule", length: 32, work: () => e.aesExpand(slot, io, 32) }),
    inIo({ name: "SM4 key schedule", length: 16, work: () => e.sm4Expand(slot, io, 16) }),
  ];
}

const aesKey = () => e.aesExpand(slot, io, 32);
const sm4Key = () => e.sm4Expand(slot, io, 16);

function blocks(): TimingCase[] {
  return [
    inIo({ name: "AES-256, 1 block", length: 16, setUp: aesKey, work: () => e.aesEcbEncrypt(slot, io, 16) }),
    inIo({ name: "AES-256, 16 blocks", length: 256, setUp: aesKey, work: () => e.aesEcbEncrypt(slot, io, 256) }),
    inIo({ name: "AES-256, 16 blocks back", length: 256, setUp: aesKey, work: () => e.aesEcbDecrypt(slot, io, 256) }),
    inIo({ name: "SM4, 1 block", length: 16, setUp: sm4Key, work: () => e.sm4EcbEncrypt(slot, io, 16) }),
    inIo({ name: "SM4, 64 blocks", length: 1024, setUp: sm4Key, work: () => e.sm4EcbEncrypt(slot, io, 1024) }),
  ];
}

/** GCM under secret keys, which also make J0 secret where the nonce has 16 bytes. */
function sealing(nonceLength: number): TimingCase {
  const place = (secret: Uint8Array) => {
    bytes.set(secret, io);
    e.aesExpand(slot, io, 32);
    e.aesGcmExpand(slot);
    bytes.fill(0, io, io + 256);
    bytes.fill(0, nonce, nonce + 16);
  };
  const name = `AES-256-GCM seal, 64 bytes, nonce ${nonceLength}`;
  const work = () => e.aesGcmSeal(slot, nonceLength, io, 0, 64);
  return { name, control: false, fixed: zeros(32), random: randomly, place, work };
}

/** One wrong bit in a 16-byte tag: always in the first byte, or anywhere. */
export const oneWrongBit = {
  fixed: Uint8Array.of(1, ...zeros(15)),
  random(secret: Uint8Array): void {
    const [place = 0] = randomFillSync(new Uint8Array(1));
    secret.fill(0);
    secret[place >> 4] = 1 << (place & 7);
  },
};

function opening(): TimingCase {
  const aead = aesGcm(zeros(32), { backend: "wasm" });
  const sealed = aead.seal(zeros(12), zeros(64));
  const forged = Uint8Array.from(sealed);
  const place = (difference: Uint8Array) => {
    for (let i = 0; i < 16; i++) forged[64 + i] = (sealed[64 + i] ?? 0) ^ (difference[i] ?? 0);
  };
  const work = () => {
    try {
      aead.open(zeros(12), forged);
    } catch (error) {
      if (!(error instanceof LanelockError)) throw error;
    }
  };
  return { name: "AES-256-GCM open (JavaScript), forged tag", control: false, ...oneWrongBit, place, work };
}

/** Blocks that end in no padding: one of 16 bytes of 16 is wrong, the first or any. */
export const onePaddingByte = {
  fixed: Uint8Array.of(0, ...zeros(15).fill(16)),
  random(secret: Uint8Array): void {
    const [place = 0] = randomFillSync(new Uint8Array(1));
    secret.fill(16)[place % 15] = 0;
  },
};

function padding(): TimingCase {
  const place = (block: Uint8Array) => bytes.set(block, io);
  const work = () => {
    for (let i = 0; i < 64; i++) exports.paddingLength(io);
  };
  return { name: "PKCS#7 padding, 64 times", control: false, ...onePaddingByte, place, work };
}

export const engineCases = (): TimingCase[] => [
  ...keySchedules(),
  ...blocks(),
  sealing(12),
  sealing(16),
  opening(),
  padding(),
];
