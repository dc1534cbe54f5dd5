import { aesCcm, aesGcm, aesSiv, sm4Ccm } from "lanelock";
import { afterEach, expect, test } from "vitest";
import { checkGcmSivLengths } from "../../src/ciphers/message/gcm-siv.ts";
import { refusal } from "../contract/refusal.ts";
import { expectScratchWiped } from "../contract/wiping.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { type CcmTagLength, type MessageAeadUnderTest, messageAeads } from "../reference/message-aeads.ts";
import { seeded } from "../reference/seeded.ts";
import { Guarded, lying, wraps } from "./arrays-with-code.ts";
import { notBytes, unusableBytes } from "./hostile-values.ts";

afterEach(expectScratchWiped);

function sample(aead: MessageAeadUnderTest, length = 32) {
  const random = seeded(`bad input ${aead.name}`);
  const input = {
    key: random.bytes(aead.keyLength),
    nonce: random.bytes(aead.nonceLength),
    aad: random.bytes(16),
    plaintext: random.bytes(length),
  };
  return { ...input, sealed: aead.expected(input) };
}

test.each(messageAeads)(
  "$name refuses values that are not byte arrays or cannot be read safely, and can still be used",
  (aead) => {
    const { key, nonce, aad, plaintext, sealed } = sample(aead);
    using cipher = aead.create(key);
    const calls: Record<string, (value: Uint8Array) => unknown> = {
      "seal nonce": (value) => cipher.seal(value, plaintext, { aad }),
      "seal plaintext": (value) => cipher.seal(nonce, value, { aad }),
      "seal aad": (value) => cipher.seal(nonce, plaintext, { aad: value }),
      "seal into": (value) => cipher.seal(nonce, plaintext, { aad, into: value }),
      "open nonce": (value) => cipher.open(value, sealed, { aad }),
      "open sealed": (value) => cipher.open(nonce, value, { aad }),
      "open aad": (value) => cipher.open(nonce, sealed, { aad: value }),
      "open into": (value) => cipher.open(nonce, sealed, { aad, into: value }),
    };
    for (const [call, put] of Object.entries(calls)) {
      for (const [label, value] of Object.entries(notBytes)) {
        // AAD and `into` may be left out, and so may AES-SIV's nonce.
        if (value === undefined && (aead.tagFirst || /aad|into/.test(call))) continue;
        const { message } = refusal("ERR_ARGUMENT", () => put(value as Uint8Array), `${call} is ${label}`);
        expect(message, call).toContain("Uint8Array");
      }
      for (const [label, make] of Object.entries(unusableBytes)) {
        for (const length of [1, 16, 5000]) {
          refusal("ERR_BUFFER", () => put(make(length)), `${call} in ${label} of ${length} bytes`);
        }
      }
      expectBytes(cipher.seal(nonce, plaintext, { aad }), sealed, `seal after ${call}`);
      expectBytes(cipher.open(nonce, sealed, { aad }), plaintext, `open after ${call}`);
    }
  },
);

test.each(messageAeads)("$name refuses a nonce of a length it does not take, and names those it takes", (aead) => {
  const { key, plaintext, sealed } = sample(aead);
  using cipher = aead.create(key);
  const wrong = aead.tagFirst ? [0] : Array.from({ length: 40 }, (_, length) => length);
  for (const length of wrong.filter((one) => !aead.nonceLengths.includes(one))) {
    for (const call of [
      () => cipher.seal(new Uint8Array(length), plaintext),
      () => cipher.open(new Uint8Array(length), sealed),
    ]) {
      expect(refusal("ERR_NONCE", call, `${length} bytes`).message).toMatch(/\b(7 to 13|12|16|24)\b/);
    }
  }
});

test.each(messageAeads)("$name refuses a message shorter than its tag, and an unknown option", (aead) => {
  const { key, nonce, plaintext, sealed } = sample(aead);
  using cipher = aead.create(key);
  for (let length = 0; length < 16; length++) {
    const { message } = refusal("ERR_LENGTH", () => cipher.open(nonce, new Uint8Array(length)), `${length} bytes`);
    expect(message).toMatch(/\b16\b/);
  }
  for (const options of [{ additionalData: nonce }, { AAD: nonce }, { into: undefined, tagLength: 16 }]) {
    refusal("ERR_ARGUMENT", () => cipher.seal(nonce, plaintext, options as object));
    refusal("ERR_ARGUMENT", () => cipher.open(nonce, sealed, options as object));
  }
  if (aead.tagFirst) return;
  for (const options of [null, "aad", 7, nonce]) {
    refusal("ERR_ARGUMENT", () => cipher.seal(nonce, plaintext, options as object));
  }
});

test.each(messageAeads)("$name refuses a key of a wrong length or type, and names the right ones", (aead) => {
  for (const length of [0, 1, 15, 16, 17, 24, 31, 32, 33, 48, 64, 65, 100_000]) {
    if (aead.keyLengths.includes(length)) continue;
    const { message } = refusal("ERR_KEY", () => aead.create(new Uint8Array(length)), `${length} bytes`);
    for (const right of aead.keyLengths) expect(message).toMatch(new RegExp(`\\b${right}\\b`));
    expect(message).toMatch(new RegExp(`\\b${length}\\b`));
  }
  for (const [label, value] of Object.entries(notBytes)) {
    expect(refusal("ERR_KEY", () => aead.create(value as Uint8Array), label).message).toContain("Uint8Array");
  }
  for (const make of Object.values(unusableBytes)) refusal("ERR_BUFFER", () => aead.create(make(aead.keyLength)));
});

test.each(messageAeads)(
  "$name reads arrays that lie or refuse by their real contents, and other keys stay right",
  (aead) => {
    using witness = aesGcm(new Uint8Array(16));
    const witnessed = witness.seal(new Uint8Array(12), new Uint8Array(100));
    for (const [, wrap] of wraps) {
      for (const length of [0, 100, 40_000]) {
        const { key, nonce, aad, plaintext, sealed } = sample(aead, length);
        using cipher = aead.create(wrap(key));
        expectBytes(cipher.seal(wrap(nonce), wrap(plaintext), { aad: wrap(aad) }), sealed, "seal");
        expectBytes(cipher.open(wrap(nonce), wrap(sealed), { aad: wrap(aad) }), plaintext, "open");
        const room = new ArrayBuffer(length + 20);
        const into = new Guarded(room, 1);
        expectBytes(cipher.seal(nonce, plaintext, { aad, into }), sealed, "seal into");
        expectBytes(cipher.open(nonce, sealed, { aad, into }), plaintext, "open into");
        refusal("ERR_AUTHENTICATION", () => cipher.open(nonce, lying(new Uint8Array(length + 16), 0), { aad }));
      }
    }
    expectBytes(witness.seal(new Uint8Array(12), new Uint8Array(100)), witnessed, "another key");
  },
);

test("CCM refuses a tag length it does not have, and more text than the nonce leaves room to count", () => {
  for (const create of [aesCcm, sm4Ccm]) {
    for (const tagLength of [0, 2, 3, 5, 15, 17, 18, -4, 12.5, Number.NaN, "16", null, {}]) {
      const { message } = refusal("ERR_ARGUMENT", () =>
        create(new Uint8Array(16), { tagLength: tagLength as CcmTagLength }),
      );
      for (const right of ["4", "8", "12", "16"]) expect(message).toContain(right);
    }
    refusal("ERR_ARGUMENT", () => create(new Uint8Array(16), { tag: 16 } as object));
    using aead = create(new Uint8Array(16));
    expect(aead.seal(new Uint8Array(13), new Uint8Array(65_535))).toHaveLength(65_551);
    for (const [nonce, most] of [
      [13, 65_535],
      [12, 2 ** 24 - 1],
    ] as const) {
      const call = () => aead.seal(new Uint8Array(nonce), new Uint8Array(most + 1));
      expect(refusal("ERR_LIMIT", call).message).toContain(String(most));
      refusal("ERR_LIMIT", () => aead.open(new Uint8Array(nonce), new Uint8Array(most + 17)));
    }
  }
});

test("AES-GCM-SIV takes 2^36 bytes of plaintext and of additional data (RFC 8452 §6), and not one more", () => {
  // No JavaScript engine allocates an array of 64 GiB; the check that every path goes through is called itself.
  const limit = 2 ** 36;
  expect(() => checkGcmSivLengths({ aad: limit, text: limit })).not.toThrow();
  for (const lengths of [
    { aad: limit + 1, text: 0 },
    { aad: 0, text: limit + 1 },
  ]) {
    expect(refusal("ERR_LIMIT", () => checkGcmSivLengths(lengths)).message).toContain(String(limit));
  }
});

test("AES-SIV takes 126 components and not one more, and refuses anything but a list of arrays", () => {
  using siv = aesSiv(new Uint8Array(32));
  const data = new Uint8Array(20);
  const list = (length: number) => Array.from({ length }, () => Uint8Array.of(1));
  expectBytes(siv.open(siv.seal(data, { aad: list(126) }), { aad: list(126) }), data, "126");
  expectBytes(siv.open(siv.seal(data, { aad: list(125), nonce: data }), { aad: list(125), nonce: data }), data, "125");
  for (const options of [{ aad: list(127) }, { aad: list(126), nonce: data }]) {
    expect(refusal("ERR_LIMIT", () => siv.seal(data, options)).message).toContain("126");
    refusal("ERR_LIMIT", () => siv.open(new Uint8Array(40), options));
  }
  for (const aad of [data, "aad", 7, null, {}, { length: 1, 0: data }, [7], [data, undefined], [data, "x"], [[data]]]) {
    expect(refusal("ERR_ARGUMENT", () => siv.seal(data, { aad: aad as never })).message).toMatch(/aad/);
  }
  refusal("ERR_BUFFER", () => siv.seal(data, { aad: [data, unusableBytes["a detached buffer"]!(5)] }));
});

test("AES-SIV runs no code of a list of components after it has checked them", () => {
  using siv = aesSiv(new Uint8Array(32));
  const [first, second] = [new Uint8Array(64).fill(1), new Uint8Array(64).fill(2)];
  const list: Uint8Array[] = [first];
  // Reading the second element takes the first one's memory away.
  Object.defineProperty(list, 1, {
    enumerable: true,
    get() {
      structuredClone(first, { transfer: [first.buffer] });
      return second;
    },
  });
  refusal("ERR_BUFFER", () => siv.seal(new Uint8Array(8), { aad: list }));
  const endless: Uint8Array[] = [second];
  Object.defineProperty(endless, Symbol.iterator, {
    *value() {
      for (;;) yield second;
    },
  });
  expectBytes(siv.seal(second, { aad: endless }), siv.seal(second, { aad: [second] }), "an iterator without end");
});
