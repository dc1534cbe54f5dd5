import { openStreamUnverified } from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { type Aead, aeads } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { type Seeded, seeded } from "../reference/seeded.ts";

const messages = process.env.LANELOCK_LONG === "1" ? 1000 : 60;

/** Cuts at random: empty, single-byte, block-sized and large pieces. */
function pieces(random: Seeded, bytes: Uint8Array): Uint8Array[] {
  const cut: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const size = random.pick([0, 1, 15, 16, 17, 128, 512, random.integer(0, 300), random.integer(0, 90_000)]);
    cut.push(bytes.subarray(offset, offset + size));
    offset += size;
  }
  return cut;
}

function run(update: (chunk: Uint8Array) => Uint8Array, chunks: readonly Uint8Array[]): Buffer {
  return Buffer.concat(chunks.map((chunk) => Uint8Array.from(update(chunk))));
}

function message(random: Seeded, keyLength: number) {
  return {
    key: random.bytes(keyLength),
    nonce: random.bytes(random.pick([12, 12, 12, 1, 8, 16, 128])),
    aad: random.pick([undefined, random.bytes(random.integer(0, 50)), random.bytes(5000)]),
    plaintext: random.bytes(
      random.pick([0, 1, random.integer(0, 300), random.integer(0, 3000), random.integer(0, 150_000)]),
    ),
    tagLength: random.pick([4, 8, 12, 13, 14, 15, 16]),
  };
}

for (const aead of aeads) {
  test(`${aead.name} streams, cut at random, equal the one-shot result (${messages} messages)`, () => {
    const random = seeded(`streams ${aead.name}`);
    for (let count = 0; count < messages; count++) {
      const input = message(random, aead.keyLength);
      const { key, nonce, aad, plaintext, tagLength } = input;
      const sealed = aead.expected(input);
      using cipher = aead.create(key, { tagLength });
      const sealing = cipher.sealStream(nonce, { aad });
      const body = run((chunk) => sealing.update(chunk), pieces(random, plaintext));
      expectBytes(Buffer.concat([body, sealing.final()]), sealed, `seal ${count}: ${plaintext.length} bytes`);

      const opening = openStreamUnverified(cipher, nonce, { aad });
      const ciphertext = sealed.subarray(0, plaintext.length);
      const opened = run((chunk) => opening.update(chunk), pieces(random, ciphertext));
      const last = opening.final(sealed.subarray(plaintext.length));
      expectBytes(Buffer.concat([opened, last]), plaintext, `open ${count}`);
    }
  });

  test(`${aead.name} streams of many keys run side by side, with whole messages in between`, () => {
    const random = seeded(`interleaved streams ${aead.name}`);
    const runs = Array.from({ length: 12 }, () => {
      const input = message(random, aead.keyLength);
      const cipher: Aead = aead.create(input.key, { tagLength: input.tagLength });
      const stream = cipher.sealStream(input.nonce, { aad: input.aad });
      return { input, cipher, stream, chunks: pieces(random, input.plaintext), output: [] as Uint8Array[] };
    });
    while (runs.some(({ chunks }) => chunks.length > 0)) {
      const { input, cipher, stream, chunks, output } = runs[random.integer(0, runs.length - 1)]!;
      const chunk = chunks.shift();
      if (chunk) output.push(Uint8Array.from(stream.update(chunk)));
      if (random.integer(0, 20) === 0) {
        expectBytes(cipher.seal(input.nonce, input.plaintext, { aad: input.aad }), aead.expected(input), "in between");
      }
    }
    for (const { input, cipher, stream, output } of runs) {
      expectBytes(Buffer.concat([...output, stream.final()]), aead.expected(input), "after all");
      cipher.dispose();
    }
  });

  test(`${aead.name}: a stream that was tampered with ends in ERR_AUTHENTICATION`, () => {
    const random = seeded(`forged streams ${aead.name}`);
    for (let count = 0; count < 30; count++) {
      const input = message(random, aead.keyLength);
      const sealed = aead.expected(input);
      const at = random.integer(0, sealed.length - 1);
      sealed[at] = (sealed[at] ?? 0) ^ (1 << random.integer(0, 7));
      using cipher = aead.create(input.key, { tagLength: input.tagLength });
      const opening = openStreamUnverified(cipher, input.nonce, { aad: input.aad });
      for (const chunk of pieces(random, sealed.subarray(0, input.plaintext.length))) opening.update(chunk);
      expect(() => opening.final(sealed.subarray(input.plaintext.length))).toThrow(
        expect.objectContaining({ code: "ERR_AUTHENTICATION" }),
      );
    }
  });
}
