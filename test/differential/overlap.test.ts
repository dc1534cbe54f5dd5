import { test } from "vitest";
import { aeads, blockModes, nativeAeads, nativeBlockModes } from "../reference/ciphers.ts";
import { arrayKinds, expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";

// `into` may overlap any input at any offset: the result is that of a copied input.

const everyNearOffset = Array.from({ length: 97 }, (_, index) => index - 48);

/** Message lengths, each with the distances from the input to `into` that are tried. */
const cases = [
  { length: 16, distances: everyNearOffset },
  { length: 64, distances: everyNearOffset },
  { length: 144, distances: [...everyNearOffset, -144, -143, -129, -128, -127, 127, 128, 129, 143, 144] },
  { length: 1040, distances: [...everyNearOffset, -1024, -513, -512, -128, 128, 512, 513, 1024] },
  {
    length: 200_000,
    distances: [-131_072, -65_536, -4097, -256, -16, -1, 0, 1, 15, 16, 17, 256, 4097, 65_536, 131_072],
  },
];

interface Overlap {
  readonly input: Uint8Array;
  readonly distance: number;
  readonly intoLength: number;
  readonly as: (bytes: Uint8Array) => Uint8Array;
}

/** One buffer with a copy of `input` in it, and the views of that copy and of an `into` the given distance after it. */
function place({ input, distance, intoLength, as }: Overlap): { input: Uint8Array; into: Uint8Array } {
  const margin = Math.abs(distance);
  const buffer = as(new Uint8Array(margin + Math.max(input.length, intoLength) + margin));
  buffer.set(input, margin);
  return {
    input: buffer.subarray(margin, margin + input.length),
    into: buffer.subarray(margin + distance, margin + distance + intoLength),
  };
}

for (const mode of [...blockModes, ...nativeBlockModes.filter(({ name }) => name.endsWith("native"))]) {
  test.each(arrayKinds)(`${mode.name} may write over its input at any offset, in a %s`, (_, as) => {
    const random = seeded(`overlap ${mode.name}`);
    const key = random.bytes(mode.keyLength);
    using cipher = mode.create(key);
    for (const { length, distances } of cases) {
      const [iv, data] = [random.bytes(16), random.bytes(length)];
      const encrypted = mode.expected({ key, iv, data });
      for (const distance of distances) {
        const label = `${length} bytes, into at ${distance}`;
        const plain = place({ input: data, distance, intoLength: encrypted.length, as });
        expectBytes(cipher.encrypt(iv, plain.input, { into: plain.into }), encrypted, `encrypt ${label}`);
        const sealed = place({ input: encrypted, distance, intoLength: encrypted.length, as });
        expectBytes(cipher.decrypt(iv, sealed.input, { into: sealed.into }), data, `decrypt ${label}`);
      }
    }
  });

  test(`${mode.name} may write over its IV`, () => {
    const random = seeded(`overlap of the IV ${mode.name}`);
    const key = random.bytes(mode.keyLength);
    using cipher = mode.create(key);
    for (const length of [16, 160, 1040, 70_000 - (70_000 % 16)]) {
      for (const at of [0, 1, 7, 16, 100, length - 16]) {
        if (at + 16 > length) continue;
        const [iv, data] = [random.bytes(16), random.bytes(length)];
        const encrypted = mode.expected({ key, iv, data });
        const into = new Uint8Array(encrypted.length);
        into.set(iv, at);
        const view = into.subarray(at, at + 16);
        expectBytes(cipher.encrypt(view, data, { into }), encrypted, `encrypt ${length}, IV at ${at}`);
        into.set(iv, at);
        expectBytes(cipher.decrypt(view, encrypted, { into }), data, `decrypt ${length}, IV at ${at}`);
      }
    }
  });
}

for (const aead of [...aeads, ...nativeAeads]) {
  test.each(arrayKinds)(`${aead.name} may write over its input at any offset, in a %s`, (_, as) => {
    const random = seeded(`overlap ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    using cipher = aead.create(key);
    for (const { length, distances } of cases) {
      for (const nonceLength of [12, 16]) {
        const [nonce, plaintext, aad] = [random.bytes(nonceLength), random.bytes(length - 3), random.bytes(21)];
        const sealed = aead.expected({ key, nonce, plaintext, aad });
        for (const distance of distances) {
          const label = `${plaintext.length} bytes, into at ${distance}, nonce ${nonceLength}`;
          const plain = place({ input: plaintext, distance, intoLength: sealed.length, as });
          expectBytes(cipher.seal(nonce, plain.input, { aad, into: plain.into }), sealed, `seal ${label}`);
          const closed = place({ input: sealed, distance, intoLength: plaintext.length, as });
          expectBytes(cipher.open(nonce, closed.input, { aad, into: closed.into }), plaintext, `open ${label}`);
        }
      }
    }
  });

  test(`${aead.name} may write over its nonce and its AAD`, () => {
    const random = seeded(`overlap of nonce and AAD ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    using cipher = aead.create(key);
    for (const [length, aadLength] of [
      [200, 60],
      [1040, 700],
      [200_000, 150_000],
    ] as const) {
      for (const nonceLength of [12, 16, 40]) {
        const [nonce, plaintext, aad] = [random.bytes(nonceLength), random.bytes(length), random.bytes(aadLength)];
        const sealed = aead.expected({ key, nonce, plaintext, aad });
        const into = new Uint8Array(sealed.length);
        const views = { nonce: into.subarray(5, 5 + nonceLength), aad: into.subarray(70, 70 + aadLength) };
        const fill = () => {
          views.nonce.set(nonce);
          views.aad.set(aad);
        };
        fill();
        expectBytes(cipher.seal(views.nonce, plaintext, { aad: views.aad, into }), sealed, `seal ${length}`);
        fill();
        expectBytes(cipher.open(views.nonce, sealed, { aad: views.aad, into }), plaintext, `open ${length}`);
      }
    }
  });
}
