import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { wholeEngine } from "../constant-time/compile.ts";
import { EngineCalls } from "../constant-time/scenario.ts";
import type { Callable } from "../constant-time/trace.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";

// The counter of AES-GCM-SIV is the tag, which nobody can choose: so its wrap is tried on the engine itself, at every place in a batch.

function built(): EngineCalls {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(wholeEngine("plain"))));
  const { memory, ...functions } = exports;
  if (!(memory instanceof WebAssembly.Memory)) throw new Error("The engine exports no memory");
  return new EngineCalls({ functions: functions as Callable["functions"], memory: new Uint8Array(memory.buffer) });
}

function ecb(key: Uint8Array, data: Uint8Array): Buffer {
  return createCipheriv(`aes-${key.length * 8}-ecb`, key, null)
    .setAutoPadding(false)
    .update(data);
}

/** The message-encryption key (RFC 8452 §4). */
function encryptionKey(key: Uint8Array, nonce: Uint8Array): Buffer {
  const numbers = key.length === 16 ? [2, 3] : [2, 3, 4, 5];
  const halves = numbers.map((number) => ecb(key, Uint8Array.of(number, 0, 0, 0, ...nonce)).subarray(0, 8));
  return Buffer.concat(halves);
}

/** Keystream from a tag on: the first four bytes count, little-endian, modulo 2^32; the top bit of the last is set. */
function keystream(key: Uint8Array, tag: Uint8Array, blocks: number): Buffer {
  const start = new DataView(tag.buffer, tag.byteOffset).getUint32(0, true);
  const counters = Array.from({ length: blocks }, (_, index) => {
    const block = Buffer.from(tag);
    block.writeUInt32LE((start + index) % 2 ** 32, 0);
    block[15] = (block[15] ?? 0) | 0x80;
    return block;
  });
  return ecb(key, Buffer.concat(counters));
}

test.each([16, 32])("the counter of AES-GCM-SIV wraps without a carry, under keys of %i bytes", (keyLength) => {
  const engine = built();
  const random = seeded(`siv counter ${keyLength}`);
  const [key, nonce] = [random.bytes(keyLength), random.bytes(12)];
  engine.write(engine.io, key);
  engine.call("aesExpand", engine.slot, engine.io, keyLength);
  for (const left of [0, 1, 2, 5, 6, 7, 8, 31, 32, 33, 63, 64, 65, 500]) {
    for (const length of [16 * 700, 16 * left + 5]) {
      engine.write(engine.nonce, nonce);
      engine.call("aesGcmSivStart", engine.slot, engine.otherSlot, keyLength);
      const tag = random.bytes(16);
      new DataView(tag.buffer).setUint32(0, (2 ** 32 - left) % 2 ** 32, true);
      engine.write(engine.run, tag);
      engine.call("aesGcmSivCounter", engine.otherSlot, engine.run);
      engine.memory.fill(0, engine.io, engine.io + length);
      const first = length - (length % 512);
      engine.call("aesGcmSivKeystream", engine.otherSlot, engine.io, first);
      engine.call("aesGcmSivKeystream", engine.otherSlot, engine.io + first, length - first);
      const expected = keystream(encryptionKey(key, nonce), tag, Math.ceil(length / 16)).subarray(0, length);
      expectBytes(engine.memory.slice(engine.io, engine.io + length), expected, `${left} before the wrap, ${length}`);
    }
  }
  expect(engine.memory.slice(engine.io - 16, engine.io)).toEqual(new Uint8Array(16));
});
