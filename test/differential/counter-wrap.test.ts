import { expect, test } from "vitest";
import { nonceFinder } from "../reference/chosen-counter.ts";
import { aeads, blockModes } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { type Seeded, seeded } from "../reference/seeded.ts";

/** How many blocks before a border a message starts: around the widths of the bit-sliced batches, and far before it. */
const blocksBefore = [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 257, 4095, 4096, 4097, 10_000];

/** The counter block `blocks` before the one whose last `bits` bits are all zero; the bits above them are random. */
function counterBefore(random: Seeded, bits: number, blocks: number): Uint8Array<ArrayBuffer> {
  const above = bits === 128 ? 0n : BigInt(`0x${Buffer.from(random.bytes(16)).toString("hex")}`) >> BigInt(bits);
  const counter = BigInt.asUintN(128, (above << BigInt(bits)) - BigInt(blocks));
  return Uint8Array.from(Buffer.from(counter.toString(16).padStart(32, "0"), "hex"));
}

for (const mode of blockModes.filter(({ mode }) => mode === "ctr")) {
  test(`${mode.name} carries through all 128 bits as OpenSSL does`, () => {
    const random = seeded(`carry ${mode.name}`);
    const key = random.bytes(mode.keyLength);
    using ctr = mode.create(key);
    let cases = 0;
    for (let bits = 8; bits <= 128; bits += 8) {
      for (const blocks of bits % 32 === 0 ? blocksBefore : blocksBefore.filter((count) => count < 100)) {
        const iv = counterBefore(random, bits, blocks);
        const data = random.bytes(16 * (blocks + 40) + random.integer(0, 15));
        const encrypted = mode.expected({ key, iv, data });
        expectBytes(ctr.encrypt(iv, data), encrypted, `${blocks} blocks before a carry into bit ${bits}`);
        expectBytes(ctr.decrypt(iv, encrypted), data, `${blocks} blocks before a carry into bit ${bits}`);
        cases += 1;
      }
    }
    expect(cases).toBe(4 * blocksBefore.length + 12 * 16);
  });

  test(`${mode.name} equals OpenSSL from every value of the counter's last byte`, () => {
    const random = seeded(`last byte ${mode.name}`);
    const key = random.bytes(mode.keyLength);
    using ctr = mode.create(key);
    const data = random.bytes(16 * 300 + 5);
    for (let last = 0; last < 256; last++) {
      const iv = random.bytes(16);
      iv[15] = last;
      expectBytes(ctr.encrypt(iv, data), mode.expected({ key, iv, data }), `last byte ${last}`);
    }
  });
}

for (const aead of aeads) {
  test(`${aead.name} wraps its 32-bit counter without a carry (inc32)`, () => {
    const random = seeded(`inc32 ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    const nonceFor = nonceFinder(aead.cipher, key);
    using cipher = aead.create(key);
    for (const blocks of [0, ...blocksBefore]) {
      // With 0 the first block of the message already has the counter 1 after the wrap.
      const nonce = nonceFor(counterBefore(random, 32, blocks));
      const plaintext = random.bytes(16 * (blocks + 40) + random.integer(0, 15));
      const sealed = aead.expected({ key, nonce, plaintext });
      expectBytes(cipher.seal(nonce, plaintext), sealed, `J0 ${blocks} blocks before the wrap`);
      expectBytes(cipher.open(nonce, sealed), plaintext, `J0 ${blocks} blocks before the wrap`);
    }
  });
}
