import { createDecipheriv } from "node:crypto";
import { aesCcm, aesSiv } from "lanelock";
import { expect, test } from "vitest";
import { expectBytes } from "../reference/expect-bytes.ts";
import { type CcmTagLength, messageAeads } from "../reference/message-aeads.ts";
import { seeded } from "../reference/seeded.ts";

const longest = 1040;

/** Around the ends of what is hashed at a time, of one call of the engine, and of its IO. */
const ends = [2048, 4096, 32_768, 65_536, 131_072].flatMap((end) =>
  [-17, -16, -15, -1, 0, 1, 15, 16, 17].map((i) => end + i),
);

test.each(messageAeads)(
  "$name equals the reference at every length from 0 to 1,040 bytes, and at long ones",
  (aead) => {
    const random = seeded(`every length ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    const text = random.bytes(Math.max(...ends));
    using cipher = aead.create(key);
    for (const length of [...Array.from({ length: longest + 1 }, (_, index) => index), ...ends]) {
      const plaintext = text.subarray(0, length);
      const nonce = random.bytes(aead.nonceLength);
      const aad = text.subarray(0, length > longest ? length : (length * 7) % 61);
      const sealed = aead.expected({ key, nonce, plaintext, aad });
      expectBytes(cipher.seal(nonce, plaintext, { aad }), sealed, `seal ${length}`);
      expectBytes(cipher.open(nonce, sealed, { aad }), plaintext, `open ${length}`);
      if (length > longest || length % 5 > 0) continue;
      const bare = aead.expected({ key, nonce, plaintext: new Uint8Array(0), aad: plaintext });
      expectBytes(cipher.seal(nonce, new Uint8Array(0), { aad: plaintext }), bare, `AAD of ${length}`);
    }
  },
);

test.each(messageAeads)("$name takes every length of key and nonce it should", (aead) => {
  const random = seeded(`lengths ${aead.name}`);
  for (const keyLength of aead.keyLengths) {
    const key = random.bytes(keyLength);
    using cipher = aead.create(key);
    for (const nonceLength of aead.nonceLengths) {
      const [nonce, aad, plaintext] = [random.bytes(nonceLength), random.bytes(21), random.bytes(150)];
      const sealed = aead.expected({ key, nonce, plaintext, aad });
      expectBytes(cipher.seal(nonce, plaintext, { aad }), sealed, `key ${keyLength}, nonce ${nonceLength}`);
      expectBytes(cipher.open(nonce, sealed, { aad }), plaintext, `key ${keyLength}, nonce ${nonceLength}`);
    }
  }
});

test("AES-CCM: node:crypto opens what was sealed with tags of every length, and additional data around 65,280 bytes", () => {
  const random = seeded("ccm parameters");
  const key = random.bytes(32);
  for (const tagLength of [4, 6, 8, 10, 12, 14, 16] as const satisfies readonly CcmTagLength[]) {
    using aead = aesCcm(key, { tagLength });
    for (const aadLength of [0, 1, 13, 14, 15, 16, 0xfeff, 0xff00, 0xff01, 200_000]) {
      const [nonce, aad, plaintext] = [random.bytes(12), random.bytes(aadLength), random.bytes(500)];
      const sealed = aead.seal(nonce, plaintext, { aad });
      const opening = createDecipheriv("aes-256-ccm", key, nonce, { authTagLength: tagLength });
      opening.setAuthTag(sealed.subarray(500));
      opening.setAAD(aad, { plaintextLength: 500 });
      expectBytes(opening.update(sealed.subarray(0, 500)), plaintext, `tag ${tagLength}, AAD ${aadLength}`);
      opening.final();
    }
  }
});

test("AES-SIV: components are apart, and their order, number and emptiness count", () => {
  const random = seeded("components");
  using siv = aesSiv(random.bytes(32));
  const [a, b, none] = [random.bytes(20), random.bytes(20), new Uint8Array(0)];
  const plaintext = random.bytes(40);
  const joined = Buffer.concat([a, b]);
  const lists = [
    [],
    [none],
    [none, none],
    [a],
    [a, none],
    [none, a],
    [a, b],
    [b, a],
    [joined],
    [joined.subarray(0, 39)],
  ];
  const sealed = lists.map((aad) => Buffer.from(siv.seal(plaintext, { aad })).toString("hex"));
  expect(new Set(sealed).size).toBe(lists.length);
  expectBytes(siv.seal(plaintext), siv.seal(plaintext, { aad: [] }), "none at all");
  expectBytes(siv.seal(plaintext, { aad: [a], nonce: b }), siv.seal(plaintext, { aad: [a, b] }), "a nonce is the last");
});
