import { aesGcmSiv, aesSiv, sm4Ccm } from "lanelock";
import { expect, test } from "vitest";
import { expectBytes } from "../reference/expect-bytes.ts";
import { type NativeInput, node26Seal } from "../reference/other-nodes.ts";
import { seeded } from "../reference/seeded.ts";

// Node 26 alone has these: one child of it seals every message, the engine here seals and opens the same.

interface Opened {
  seal(): Uint8Array;
  open(sealed: Uint8Array): Uint8Array;
}

const ciphers: readonly { name: string; keyLength: number; work: (input: NativeInput) => Opened & Disposable }[] = [
  ...[16, 32].map((keyLength) => ({
    name: `aes-${keyLength * 8}-gcm-siv`,
    keyLength,
    work: ({ key, nonce, plaintext, aad: [aad] }: NativeInput) => {
      const aead = aesGcmSiv(key);
      return {
        seal: () => aead.seal(nonce, plaintext, { aad }),
        open: (sealed: Uint8Array) => aead.open(nonce, sealed, { aad }),
        [Symbol.dispose]: () => aead.dispose(),
      };
    },
  })),
  ...[32, 48, 64].map((keyLength) => ({
    name: `aes-${keyLength * 4}-siv`,
    keyLength,
    work: ({ key, plaintext, aad }: NativeInput) => {
      const siv = aesSiv(key);
      return {
        seal: () => siv.seal(plaintext, { aad }),
        open: (sealed: Uint8Array) => siv.open(sealed, { aad }),
        [Symbol.dispose]: () => siv.dispose(),
      };
    },
  })),
  {
    name: "sm4-ccm",
    keyLength: 16,
    work: ({ key, nonce, plaintext, aad: [aad] }: NativeInput) => {
      const aead = sm4Ccm(key);
      return {
        seal: () => aead.seal(nonce, plaintext, { aad }),
        open: (sealed: Uint8Array) => aead.open(nonce, sealed, { aad }),
        [Symbol.dispose]: () => aead.dispose(),
      };
    },
  },
];

test.each(ciphers)(
  "$name equals Node 26's at every length from 1 to 1,040 bytes, and at long ones",
  ({ name, ...cipher }) => {
    const random = seeded(`${name} against Node 26`);
    const key = random.bytes(cipher.keyLength);
    const isSiv = /^aes-\d+-siv$/.test(name);
    // node:crypto makes no call for a text of no bytes, which these modes need; the RFCs' own examples have such messages.
    const lengths = [...Array.from({ length: 1040 }, (_, index) => index + 1), 5000, 40_000, 100_001];
    const inputs = lengths.map((length): NativeInput => {
      const aad = Array.from({ length: isSiv ? random.pick([1, 2, 5]) : 1 }, () => random.bytes(random.integer(1, 70)));
      return { name, key, nonce: random.bytes(12), plaintext: random.bytes(length), aad };
    });
    const sealed = node26Seal(inputs);
    expect(sealed).toHaveLength(inputs.length);
    for (const [index, input] of inputs.entries()) {
      using work = cipher.work(input);
      expectBytes(work.seal(), sealed[index]!, `${input.plaintext.length} bytes`);
      expectBytes(work.open(sealed[index]!), input.plaintext, `${input.plaintext.length} bytes`);
    }
  },
);
