import { expect, test } from "vitest";
import type { AeadUnderTest } from "../reference/ciphers.ts";
import { expectBytes, marked } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { refusal } from "./refusal.ts";

const lengths = [0, 1, 16, 37, 300];

interface Message {
  readonly key: Uint8Array<ArrayBuffer>;
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly aad: Uint8Array<ArrayBuffer>;
  readonly plaintext: Uint8Array<ArrayBuffer>;
  readonly tagLength: number;
}

function message(aead: AeadUnderTest, length: number): Message {
  const random = seeded(`refusals ${aead.name} ${length}`);
  const [key, nonce, aad] = [random.bytes(aead.keyLength), random.bytes(12), random.bytes(19)];
  return { key, nonce, aad, plaintext: random.bytes(length), tagLength: 16 };
}

function flipped(bytes: Uint8Array, position: number, mask: number): Uint8Array {
  return bytes.map((byte, index) => (index === position ? byte ^ mask : byte));
}

/** Every copy of `bytes` with one byte changed: in its lowest bit, its highest and all of them. */
function tampered(bytes: Uint8Array): Uint8Array[] {
  return [0x01, 0x80, 0xff].flatMap((mask) => Array.from(bytes, (_, position) => flipped(bytes, position, mask)));
}

/** Opens what must not open. All refusals are alike, and `into` is as it was. */
function expectForgery(open: (into: Uint8Array) => Uint8Array, length: number, label: string): string {
  const into = marked(length);
  const { message } = refusal("ERR_AUTHENTICATION", () => open(into), label);
  expectBytes(into, marked(length), `${label}: into`);
  return message;
}

function tampering(aead: AeadUnderTest): void {
  test("a change in any byte of text, tag, nonce or AAD is refused, always with the same words", () => {
    const words = new Set<string>();
    for (const length of lengths) {
      const given = message(aead, length);
      const { nonce, aad } = given;
      const sealed = aead.expected(given);
      using cipher = aead.create(given.key);
      const attempts = [
        ...tampered(sealed).map((forged) => ({ nonce, aad, forged })),
        ...tampered(nonce).map((other) => ({ nonce: other, aad, forged: sealed })),
        ...tampered(aad).map((other) => ({ nonce, aad: other, forged: sealed })),
      ];
      expect(attempts).toHaveLength(3 * (length + 16 + 12 + 19));
      for (const [index, attempt] of attempts.entries()) {
        const open = (into: Uint8Array) => cipher.open(attempt.nonce, attempt.forged, { aad: attempt.aad, into });
        words.add(expectForgery(open, length, `${length} bytes, attempt ${index}`));
      }
      expectBytes(cipher.open(nonce, sealed, { aad }), given.plaintext, "the untouched message still opens");
    }
    expect(words.size).toBe(1);
  });

  test("an open that fails over its own input leaves it as it was", () => {
    for (const length of [...lengths, 100_000]) {
      const given = message(aead, length);
      using cipher = aead.create(given.key);
      const forged = flipped(aead.expected(given), length + 3, 4);
      const copy = Uint8Array.from(forged);
      refusal("ERR_AUTHENTICATION", () => cipher.open(given.nonce, forged, { aad: given.aad, into: forged }));
      expectBytes(forged, copy, `${length} bytes in place`);
    }
  });
}

function wrongParts(aead: AeadUnderTest): void {
  test("another key, nonce, AAD or tag length is refused", () => {
    const given = message(aead, 50);
    const { nonce, aad } = given;
    const sealed = aead.expected(given);
    using cipher = aead.create(given.key);
    using otherKey = aead.create(flipped(given.key, 0, 1));
    using shortTag = aead.create(given.key, { tagLength: 12 });
    const attempts = {
      "another key": () => otherKey.open(nonce, sealed, { aad }),
      "a shorter tag length": () => shortTag.open(nonce, sealed, { aad }),
      "no AAD": () => cipher.open(nonce, sealed),
      "an empty AAD": () => cipher.open(nonce, sealed, { aad: new Uint8Array(0) }),
      "a shorter AAD": () => cipher.open(nonce, sealed, { aad: aad.subarray(1) }),
      "a longer AAD": () => cipher.open(nonce, sealed, { aad: Uint8Array.of(...aad, 0) }),
      "a shorter nonce": () => cipher.open(nonce.subarray(1), sealed, { aad }),
      "a longer nonce": () => cipher.open(Uint8Array.of(...nonce, 0), sealed, { aad }),
      "the counter block as nonce": () => cipher.open(Uint8Array.of(...nonce, 0, 0, 0, 1), sealed, { aad }),
    };
    for (const [label, attempt] of Object.entries(attempts)) refusal("ERR_AUTHENTICATION", attempt, label);
  });

  test("AAD and text cannot be moved into each other", () => {
    const given = { ...message(aead, 32), aad: new Uint8Array(16) };
    using cipher = aead.create(given.key);
    const sealed = aead.expected(given);
    const moved = { aad: Uint8Array.of(...given.aad, ...sealed.subarray(0, 16)) };
    refusal("ERR_AUTHENTICATION", () => cipher.open(given.nonce, sealed.subarray(16), moved));
  });
}

function truncation(aead: AeadUnderTest): void {
  test("every truncation and extension is refused", () => {
    for (const tagLength of [4, 12, 16]) {
      const given = { ...message(aead, 70), tagLength };
      const sealed = aead.expected(given);
      using cipher = aead.create(given.key, { tagLength });
      const { nonce, aad } = given;
      for (let length = 0; length < sealed.length; length++) {
        const label = `the first ${length} bytes`;
        const code = length < tagLength ? "ERR_LENGTH" : "ERR_AUTHENTICATION";
        refusal(code, () => cipher.open(nonce, sealed.subarray(0, length), { aad }), label);
        const rest = sealed.subarray(sealed.length - length);
        refusal(code, () => cipher.open(nonce, rest, { aad }), `the last ${length} bytes`);
      }
      for (const extra of [1, 15, 16, 1000]) {
        const longer = Uint8Array.of(...sealed, ...new Uint8Array(extra));
        refusal("ERR_AUTHENTICATION", () => cipher.open(nonce, longer, { aad }), `${extra} bytes more`);
      }
    }
  });
}

export function aeadRefusals(aead: AeadUnderTest): void {
  tampering(aead);
  wrongParts(aead);
  truncation(aead);
}
