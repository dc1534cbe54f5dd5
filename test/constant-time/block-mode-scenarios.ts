import type { CipherCase, EngineCalls, Scenario } from "./scenario.ts";
import { publicBytes } from "./scenario.ts";
import type { Secret } from "./secret.ts";

// ECB, CBC and CTR, with secret keys and secret data; for CBC decryption with secret paddings, right and wrong.

/** Whole blocks: a few, up to a group of AES (8 blocks) and of SM4 (32), past both, and up to a batch of AES (32) and past two. */
const wholeBlocks = [0, 16, 48, 80, 96, 112, 128, 144, 272, 512, 528, 1040];
/** A batch of SM4 (128 blocks) and two by rows of AES (64), and past more. */
const longBlocks = [2048, 4112];
const serialBlocks = [0, 16, 80, 272];
const ctrLengths = [0, 1, 16, 31, 100, 128, 200, 600, 1100, 2100];

/** Lengths past 8 KiB and 256 blocks, where counter batches are prepared. */
const longCtrLengths = [8192, 8192 + 16 * 256 + 37];

/** Public counter blocks by their last bytes: aligned, not aligned, wrapping in 32 bits, wrapping in all 128. */
const counters: readonly [string, number, number][] = [
  ["0", 0x00, 16],
  ["3", 0x03, 1],
  ["2^32 − 5", 0xff, 4],
  ["2^128 − 5", 0xff, 16],
];

function counterBlock([, byte, count]: (typeof counters)[number]): Uint8Array {
  const block = publicBytes(16);
  block.fill(byte, 16 - count);
  if (byte === 0xff) block[15] = 0xfb;
  return block;
}

/** The last block of a padded message: trials take turns at every right padding and at ways to be wrong. */
export function paddedBlock({ trial }: Secret, block: Uint8Array): Uint8Array {
  const count = (trial % 16) + 1;
  const result = Uint8Array.from(block).fill(count, 16 - count);
  const wrong = [0, 17, 128, 255][(trial >> 5) & 3] ?? 0;
  if ((trial >> 4) % 2 === 1) result[trial % 3 === 0 ? 15 : 16 - count] = wrong;
  return result;
}

function ecb(cipher: CipherCase, direction: "Encrypt" | "Decrypt", length: number): Scenario {
  return {
    name: `ecb ${direction}, ${length} bytes`,
    run(engine, secret) {
      const slot = engine.expand(cipher, secret);
      engine.write(engine.io, secret.bytes(length));
      engine.call(`${cipher.cipher}Ecb${direction}`, slot, engine.io, length);
      return undefined;
    },
  };
}

function startCbc(engine: EngineCalls, cipher: CipherCase, secret: Secret): number {
  engine.write(engine.nonce, publicBytes(16));
  return engine.expand(cipher, secret);
}

function cbc(cipher: CipherCase, direction: "Encrypt" | "Decrypt", length: number): Scenario {
  return {
    name: `cbc ${direction}, ${length} bytes`,
    run(engine, secret) {
      const slot = startCbc(engine, cipher, secret);
      engine.write(engine.io, secret.bytes(length));
      engine.call(`${cipher.cipher}Cbc${direction}`, slot, engine.nonce, engine.io, length);
      return undefined;
    },
  };
}

/** Encrypts a message that ends in a chosen padding, decrypts it, and measures the padding. */
function cbcPadding(cipher: CipherCase, length: number): Scenario {
  return {
    name: `cbc padding, ${length} bytes`,
    run(engine, secret) {
      const slot = startCbc(engine, cipher, secret);
      const message = Uint8Array.from(secret.bytes(length));
      message.set(paddedBlock(secret, message.subarray(-16)), length - 16);
      engine.write(engine.io, message);
      engine.call(`${cipher.cipher}CbcEncrypt`, slot, engine.nonce, engine.io, length);
      engine.write(engine.nonce, publicBytes(16));
      engine.call(`${cipher.cipher}CbcDecrypt`, slot, engine.nonce, engine.io, length);
      engine.call("paddingLength", engine.io + length - 16);
      return undefined;
    },
  };
}

function ctr(cipher: CipherCase, counter: (typeof counters)[number], length: number): Scenario {
  return {
    name: `ctr from ${counter[0]}, ${length} bytes`,
    run(engine, secret) {
      const slot = engine.expand(cipher, secret);
      engine.write(engine.nonce, counterBlock(counter));
      engine.write(engine.io, secret.bytes(length));
      engine.call(`${cipher.cipher}Ctr`, slot, engine.nonce, engine.io, length);
      return undefined;
    },
  };
}

export function blockModeScenarios(cipher: CipherCase): Scenario[] {
  const lengths = [...wholeBlocks, ...longBlocks];
  return [
    ...lengths.map((length) => ecb(cipher, "Encrypt", length)),
    ...lengths.map((length) => ecb(cipher, "Decrypt", length)),
    ...serialBlocks.map((length) => cbc(cipher, "Encrypt", length)),
    ...lengths.map((length) => cbc(cipher, "Decrypt", length)),
    ...[16, 32, 144, 544].map((length) => cbcPadding(cipher, length)),
    ...counters.flatMap((counter) => ctrLengths.map((length) => ctr(cipher, counter, length))),
    ...counters.flatMap((counter) => longCtrLengths.map((length) => ctr(cipher, counter, length))),
  ];
}
