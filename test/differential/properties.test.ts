import fc from "fast-check";
import { openStreamUnverified } from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { aeads, blockModes, takesLength } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";

// fast-check prints the seed and the smallest failing input. The seed changes from run to run.

const runs = process.env.LANELOCK_LONG === "1" ? 20_000 : 300;

function bytes(minLength: number, maxLength = minLength): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength });
}

for (const aead of aeads) {
  const message = fc.record({
    key: bytes(aead.keyLength),
    nonce: bytes(1, 140),
    aad: fc.option(bytes(0, 200), { nil: undefined }),
    plaintext: bytes(0, 600),
    tagLength: fc.constantFrom(4, 8, 12, 13, 14, 15, 16),
  });

  test(`${aead.name}: seal equals the reference and open undoes it (${runs} runs)`, () => {
    fc.assert(
      fc.property(message, (input) => {
        const { key, nonce, aad, plaintext, tagLength } = input;
        using cipher = aead.create(key, { tagLength });
        const sealed = cipher.seal(nonce, plaintext, { aad });
        expectBytes(sealed, aead.expected(input), "seal");
        expectBytes(cipher.open(nonce, sealed, { aad }), plaintext, "open");
      }),
      { numRuns: runs },
    );
  });

  test(`${aead.name}: wherever a stream is cut, it gives the one-shot result (${runs} runs)`, () => {
    const cuts = fc.array(fc.nat({ max: 600 }), { maxLength: 12 });
    fc.assert(
      fc.property(message, cuts, ({ key, nonce, aad, plaintext, tagLength }, at) => {
        using cipher = aead.create(key, { tagLength });
        const borders = [
          0,
          ...at.map((cut) => Math.min(cut, plaintext.length)).sort((a, b) => a - b),
          plaintext.length,
        ];
        const chunks = borders.slice(1).map((end, index) => [borders[index], end] as const);
        const sealing = cipher.sealStream(nonce, { aad });
        const opening = openStreamUnverified(cipher, nonce, { aad });
        const sealed = cipher.seal(nonce, plaintext, { aad });
        const body = chunks.map(([from, to]) => Uint8Array.from(sealing.update(plaintext.subarray(from, to))));
        expectBytes(Buffer.concat([...body, sealing.final()]), sealed, "sealed");
        const opened = chunks.map(([from, to]) => Uint8Array.from(opening.update(sealed.subarray(from, to))));
        const last = opening.final(sealed.subarray(plaintext.length));
        expectBytes(Buffer.concat([...opened, last]), plaintext, "opened");
      }),
      { numRuns: runs },
    );
  });

  test(`${aead.name}: no other key, nonce, AAD or text opens a message (${runs} runs)`, () => {
    const fields = fc.constantFrom("key", "nonce", "aad", "sealed");
    fc.assert(
      fc.property(message, fields, fc.nat(), fc.integer({ min: 1, max: 255 }), (input, field, position, mask) => {
        // Tags of 4 and 8 bytes could be forged by chance; a full tag cannot.
        const given = { key: input.key, nonce: input.nonce, aad: input.aad ?? new Uint8Array(0) };
        using cipher = aead.create(given.key);
        const changed = {
          ...given,
          sealed: Uint8Array.from(cipher.seal(given.nonce, input.plaintext, { aad: given.aad })),
        };
        fc.pre(changed[field].length > 0);
        const copy = Uint8Array.from(changed[field]);
        const at = position % copy.length;
        copy[at] = (copy[at] ?? 0) ^ mask;
        changed[field] = copy;
        using other = aead.create(changed.key);
        expect(() => other.open(changed.nonce, changed.sealed, { aad: changed.aad })).toThrow(
          expect.objectContaining({ code: "ERR_AUTHENTICATION" }),
        );
      }),
      { numRuns: runs },
    );
  });
}

for (const mode of blockModes) {
  test(`${mode.name}: encrypt equals OpenSSL and decrypt undoes it (${runs} runs)`, () => {
    const message = fc.record({ key: bytes(mode.keyLength), iv: bytes(16), data: bytes(0, 700) });
    fc.assert(
      fc.property(message, ({ key, iv, data: any }) => {
        const data = takesLength(mode, any.length) ? any : any.subarray(0, any.length & ~15);
        using cipher = mode.create(key);
        const encrypted = cipher.encrypt(iv, data);
        expectBytes(encrypted, mode.expected({ key, iv, data }), "encrypt");
        expectBytes(cipher.decrypt(iv, encrypted), data, "decrypt");
      }),
      { numRuns: runs },
    );
  });
}
