import { expect, test } from "vitest";
import { aeads } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";

// 129 and more bytes are past what OpenSSL takes: there the reference is SP 800-38D written out over OpenSSL's block cipher.
const nonceLengths = [1, 2, 7, 8, 11, 12, 13, 15, 16, 17, 31, 32, 33, 64, 127, 128, 129, 255, 256, 257, 1000, 5000];
const tagLengths = [4, 8, 12, 13, 14, 15, 16];
const aadLengths = [0, 1, 15, 16, 17, 255, 256, 257, 4096];

for (const aead of aeads) {
  test(`${aead.name} equals the reference for every nonce, tag and AAD length`, () => {
    const random = seeded(`parameters ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    let cases = 0;
    for (const tagLength of tagLengths) {
      using cipher = aead.create(key, { tagLength });
      for (const nonceLength of nonceLengths) {
        const nonce = random.bytes(nonceLength);
        const aad = random.bytes(random.pick([0, 1, 13, 16, 40]));
        const plaintext = random.bytes(random.integer(0, 300));
        const sealed = aead.expected({ key, nonce, plaintext, aad, tagLength });
        const label = `nonce ${nonceLength}, tag ${tagLength}, AAD ${aad.length}, plaintext ${plaintext.length}`;
        expectBytes(cipher.seal(nonce, plaintext, { aad }), sealed, label);
        expectBytes(cipher.open(nonce, sealed, { aad }), plaintext, label);
        cases += 1;
      }
    }
    expect(cases).toBe(tagLengths.length * nonceLengths.length);
  });

  test(`${aead.name} equals the reference for AADs from 0 bytes to 1 MiB, given or left out`, () => {
    const random = seeded(`AAD ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    using cipher = aead.create(key);
    for (const aadLength of [...aadLengths, 2 ** 20]) {
      const [nonce, aad, plaintext] = [random.bytes(12), random.bytes(aadLength), random.bytes(33)];
      const sealed = aead.expected({ key, nonce, plaintext, aad });
      expectBytes(cipher.seal(nonce, plaintext, { aad }), sealed, `AAD ${aadLength}`);
      expectBytes(cipher.open(nonce, sealed, { aad }), plaintext, `AAD ${aadLength}`);
    }
    const nonce = random.bytes(12);
    const sealed = aead.expected({ key, nonce, plaintext: new Uint8Array(5) });
    expectBytes(cipher.seal(nonce, new Uint8Array(5)), sealed, "no AAD");
    expectBytes(cipher.seal(nonce, new Uint8Array(5), { aad: new Uint8Array(0) }), sealed, "an empty AAD");
  });
}
