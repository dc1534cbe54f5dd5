import { expect, test } from "vitest";
import { aeads, blockModes, takesLength } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";

const longest = 1040;

/** Around the ends of the engine's batches (512 bytes of AES, 2,048 of SM4) and where counter mode begins to prepare (8,192). */
const batchEnds = [2048, 2560, 4096, 6144, 8192, 8704, 10_240, 12_288].flatMap((end) =>
  Array.from({ length: 37 }, (_, i) => end - 18 + i),
);
const lengths = [...Array.from({ length: longest + 1 }, (_, length) => length), ...batchEnds];
const most = Math.max(...lengths);

for (const mode of blockModes) {
  test(`${mode.name} equals OpenSSL at every length from 0 to ${longest} bytes and around batches`, () => {
    const random = seeded(`every length ${mode.name}`);
    const key = random.bytes(mode.keyLength);
    const text = random.bytes(most);
    using cipher = mode.create(key);
    const taken = lengths.filter((length) => takesLength(mode, length));
    for (const length of taken) {
      const [iv, data] = [random.bytes(16), text.subarray(0, length)];
      const encrypted = mode.expected({ key, iv, data });
      expectBytes(cipher.encrypt(iv, data), encrypted, `encrypt ${length}`);
      expectBytes(cipher.decrypt(iv, encrypted), data, `decrypt ${length}`);
    }
    expect(taken.length).toBeGreaterThanOrEqual(takesLength(mode, 1) ? longest + 1 : longest / 16 + 1);
  });
}

for (const aead of aeads) {
  test(`${aead.name} equals the reference at every length from 0 to ${longest} bytes and around batches`, () => {
    const random = seeded(`every length ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    const text = random.bytes(most);
    using cipher = aead.create(key);
    for (const length of lengths) {
      const plaintext = text.subarray(0, length);
      const nonce = random.bytes(12);
      const aad = text.subarray(0, (length * 7) % 61);
      const sealed = aead.expected({ key, nonce, plaintext, aad });
      expectBytes(cipher.seal(nonce, plaintext, { aad }), sealed, `seal ${length}`);
      expectBytes(cipher.open(nonce, sealed, { aad }), plaintext, `open ${length}`);
      const bare = aead.expected({ key, nonce, plaintext: new Uint8Array(0), aad: plaintext });
      expectBytes(cipher.seal(nonce, new Uint8Array(0), { aad: plaintext }), bare, `AAD of ${length}`);
    }
  });
}
