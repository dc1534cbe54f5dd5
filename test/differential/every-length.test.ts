import { expect, test } from "vitest";
import { aeads, blockModes, takesLength } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";

const longest = 1040;

for (const mode of blockModes) {
  test(`${mode.name} equals OpenSSL at every length from 0 to ${longest} bytes`, () => {
    const random = seeded(`every length ${mode.name}`);
    const key = random.bytes(mode.keyLength);
    const text = random.bytes(longest);
    using cipher = mode.create(key);
    let lengths = 0;
    for (let length = 0; length <= longest; length++) {
      if (!takesLength(mode, length)) continue;
      lengths += 1;
      const [iv, data] = [random.bytes(16), text.subarray(0, length)];
      const encrypted = mode.expected({ key, iv, data });
      expectBytes(cipher.encrypt(iv, data), encrypted, `encrypt ${length}`);
      expectBytes(cipher.decrypt(iv, encrypted), data, `decrypt ${length}`);
    }
    expect(lengths).toBe(takesLength(mode, 1) ? longest + 1 : longest / 16 + 1);
  });
}

for (const aead of aeads) {
  test(`${aead.name} equals the reference at every length from 0 to ${longest} bytes`, () => {
    const random = seeded(`every length ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    const text = random.bytes(longest);
    using cipher = aead.create(key);
    for (let length = 0; length <= longest; length++) {
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
