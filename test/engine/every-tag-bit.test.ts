import { openStreamUnverified } from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { aes, sm4 } from "../../src/ciphers/engine-binding/cipher-engine.ts";
import { enter, recover } from "../../src/engine/call.ts";
import { takeSlot } from "../../src/engine/slots.ts";
import { refusal } from "../contract/refusal.ts";
import { aeads } from "../reference/ciphers.ts";
import { seeded } from "../reference/seeded.ts";

const TAG_LENGTHS = [4, 8, 12, 13, 14, 15, 16] as const;

for (const aead of aeads) {
  test(`${aead.name}: every bit of a tag of every length counts, by every way to open`, () => {
    const random = seeded(`tags ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    const [nonce, aad] = [random.bytes(12), random.bytes(5)];
    const [short, long] = [random.bytes(33), random.bytes(33_000)];
    for (const tagLength of TAG_LENGTHS) {
      using cipher = aead.create(key, { tagLength });
      const [sealed, sealedLong] = [cipher.seal(nonce, short, { aad }), cipher.seal(nonce, long, { aad })];
      expect(cipher.openMany([{ nonce, aad, data: sealed }])).toEqual([short]);
      for (let bit = 0; bit < 8 * tagLength; bit += 1) {
        const label = `tag of ${tagLength} bytes, bit ${bit}`;
        const forge = (whole: Uint8Array) => {
          const forged = Uint8Array.from(whole);
          const at = forged.length - tagLength + (bit >> 3);
          forged[at] = (forged[at] ?? 0) ^ (1 << (bit & 7));
          return forged;
        };
        const forged = forge(sealed);
        refusal("ERR_AUTHENTICATION", () => cipher.open(nonce, forged, { aad }), label);
        const [many] = cipher.openMany([{ nonce, aad, data: forged }]);
        expect(many, label).toMatchObject({ code: "ERR_AUTHENTICATION" });
        if (bit % 8 !== 0) continue;
        refusal("ERR_AUTHENTICATION", () => cipher.open(nonce, forge(sealedLong), { aad }), label);
        using stream = openStreamUnverified(cipher, nonce, { aad });
        stream.update(forged.subarray(0, short.length));
        refusal("ERR_AUTHENTICATION", () => stream.final(forged.subarray(short.length)), label);
      }
    }
  });
}

test.each([
  ["AES", aes, 32],
  ["SM4", sm4, 16],
] as const)(
  "%s: openMany leaves zeros in the engine in place of a forged message, whatever the host does then",
  (_, make, keyLength) => {
    const random = seeded("forged among many");
    const cipher = make();
    const host = enter();
    const slot = takeSlot(host, cipher.gcmSize()).address;
    const { bytes, exports, io } = host;
    bytes.set(random.bytes(keyLength), io);
    cipher.expand(slot, io, keyLength);
    cipher.gcmExpand(slot);
    const texts = [random.bytes(40), random.bytes(64), random.bytes(17)];
    const nonces = texts.map(() => random.bytes(12));
    /** Lays records out as assembly/mode/gcm-many.ts says, in memory that holds anything. */
    const place = (contents: readonly Uint8Array[], lengths: readonly number[]) => {
      bytes.fill(0xa5, io, io + 4096);
      let at = io;
      for (const [index, content] of contents.entries()) {
        const length = lengths[index] ?? 0;
        const size = 64 + ((length + 15) & ~15) + 32;
        bytes.set(nonces[index] ?? [], at);
        new DataView(bytes.buffer).setUint32(at + 48, 0, true);
        new DataView(bytes.buffer).setUint32(at + 52, length, true);
        new DataView(bytes.buffer).setUint32(at + 56, size, true);
        bytes.set(content, at + 64);
        at += size;
      }
    };
    const lengths = texts.map(({ length }) => length);
    place(texts, lengths);
    cipher.gcmSealMany(slot, io, 3, 16);
    let at = io;
    const sealed = lengths.map((length) => {
      at += length + 16;
      return bytes.slice(at - length - 16, at);
    });
    sealed[1]![70] = sealed[1]![70]! ^ 1;
    place(sealed, lengths);
    cipher.gcmOpenMany(slot, io, 3, 16);
    const verdicts = [...bytes.subarray(exports.verdicts(), exports.verdicts() + 3)];
    const results = bytes.slice(io, io + 40 + 64 + 17);
    recover(host);
    expect(verdicts).toEqual([1, 0, 1]);
    expect(Buffer.from(results)).toEqual(Buffer.concat([texts[0]!, new Uint8Array(64), texts[2]!]));
  },
);
