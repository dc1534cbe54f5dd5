import { aesGcm, type LanelockError } from "lanelock";
import { aesCtr, openStreamUnverified } from "lanelock/unauthenticated";
import { afterEach, beforeEach, expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";
import { expectScratchWiped } from "../contract/wiping.ts";
import { aeads, blockModes, nativeAeads, nativeBlockModes, takesLength } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { Guarded, lying, wraps } from "./arrays-with-code.ts";

// Byte arrays whose own properties, class or buffer have code in them. What is written to the engine's memory is what the
// array really holds, so what was checked has to be that too: else one call's bytes land in the keys of others.

const nonce = new Uint8Array(12);
const witnessKey = seeded("witness").bytes(32);

/** Keys that stand around those of a test, and what they seal. */
let witnesses: { aead: ReturnType<typeof aesGcm>; sealed: Uint8Array }[] = [];

function witness(): void {
  const aead = aesGcm(witnessKey);
  witnesses.push({ aead, sealed: aead.seal(nonce, witnessKey) });
}

beforeEach(witness);
afterEach(() => {
  expectScratchWiped();
  for (const { aead, sealed } of witnesses) {
    expectBytes(aead.seal(nonce, witnessKey), sealed, "another key's message");
    aead.dispose();
  }
  witnesses = [];
});

/** The bytes of an array of any class. */
function contents(bytes: Uint8Array<ArrayBuffer>, buffer: ArrayBuffer): Uint8Array {
  expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
  expect(bytes.buffer).toBe(buffer);
  return bytes;
}

const texts = [0, 100, 40_000, 100_000];

for (const aead of [...aeads, ...nativeAeads]) {
  test.each(wraps)(`${aead.name}: arrays %s are read by their real contents`, (_, wrap) => {
    const random = seeded(`hostile arrays ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    using cipher = aead.create(wrap(key));
    witness();
    for (const length of texts) {
      for (const [nonceLength, aadLength] of [
        [12, 40],
        [300, 70_000],
        [100_000, 0],
      ] as const) {
        if (nonceLength > 12 && length !== 100) continue;
        const given = {
          nonce: random.bytes(nonceLength),
          aad: random.bytes(aadLength),
          plaintext: random.bytes(length),
        };
        const sealed = aead.expected({ key, ...given });
        const [n, aad] = [wrap(given.nonce), wrap(given.aad)];
        expectBytes(cipher.seal(n, wrap(given.plaintext), { aad }), sealed, "seal");
        expectBytes(cipher.open(n, wrap(sealed), { aad }), given.plaintext, "open");
        expectBytes(cipher.sealMany([{ nonce: n, data: wrap(given.plaintext), aad }])[0]!, sealed, "sealMany");
        const [opened] = cipher.openMany([{ nonce: n, data: wrap(sealed), aad }]);
        expectBytes(opened as Uint8Array, given.plaintext, "openMany");
        const sealing = cipher.sealStream(n, { aad });
        const parts = [sealing.update(wrap(given.plaintext)), sealing.final()];
        expectBytes(Buffer.concat(parts), sealed, "sealStream");
        const opening = openStreamUnverified(cipher, n, { aad });
        const first = opening.update(wrap(sealed.subarray(0, length)));
        const rest = opening.final(wrap(sealed.subarray(length)));
        expectBytes(Buffer.concat([first, rest]), given.plaintext, "openStreamUnverified");
      }
    }
  });

  test.each(texts)(`${aead.name}: into of a class of its own is written without its help, %i bytes`, (length) => {
    const random = seeded(`hostile into ${aead.name}`);
    const [key, plaintext] = [random.bytes(aead.keyLength), random.bytes(length)];
    const sealed = aead.expected({ key, nonce, plaintext });
    using cipher = aead.create(key);
    const room = new ArrayBuffer(length + 20);
    const into = new Guarded(room, 1);
    expectBytes(contents(cipher.seal(nonce, plaintext, { into }), room), sealed, "seal");
    expectBytes(contents(cipher.open(nonce, sealed, { into }), room), plaintext, "open");
  });

  test(`${aead.name}: a forged tag stays forged, however long it claims to be`, () => {
    using cipher = aead.create(new Uint8Array(aead.keyLength));
    for (const claimed of [0, 1, 4, 16, 17, Number.NaN]) {
      const opening = openStreamUnverified(cipher, nonce);
      refusal("ERR_AUTHENTICATION", () => opening.final(lying(new Uint8Array(16), claimed)));
      refusal("ERR_AUTHENTICATION", () => cipher.open(nonce, lying(new Uint8Array(50_000), claimed)));
    }
  });
}

test.each([...blockModes, ...nativeBlockModes])(
  "$name: arrays that lie or throw are read by their real contents",
  (mode) => {
    const random = seeded(`hostile arrays ${mode.name}`);
    const key = random.bytes(mode.keyLength);
    using cipher = mode.create(key);
    witness();
    for (const length of [16, 100, 160, 100_000, 200_000].filter((any) => takesLength(mode, any))) {
      const [iv, data] = [random.bytes(16), random.bytes(length)];
      const encrypted = mode.expected({ key, iv, data });
      for (const [name, wrap] of wraps) {
        expectBytes(cipher.encrypt(wrap(iv), wrap(data)), encrypted, `encrypt arrays ${name}`);
        expectBytes(cipher.decrypt(wrap(iv), wrap(encrypted)), data, `decrypt arrays ${name}`);
      }
      const room = new ArrayBuffer(length + 40);
      const into = new Guarded(room, 1);
      expectBytes(
        contents(cipher.encrypt(iv, data, { into }) as Uint8Array<ArrayBuffer>, room),
        encrypted,
        "encrypt into",
      );
      expectBytes(
        contents(cipher.decrypt(iv, encrypted, { into }) as Uint8Array<ArrayBuffer>, room),
        data,
        "decrypt into",
      );
    }
  },
);

/** An array on a buffer that runs `code` if it is asked what it is, by its prototype or its tag. */
function buffersWithCode(code: () => void): Uint8Array[] {
  const tagged = new ArrayBuffer(300);
  Object.setPrototypeOf(tagged, {
    get [Symbol.toStringTag]() {
      code();
      return "ArrayBuffer";
    },
  });
  const trapped = new ArrayBuffer(300);
  const getPrototypeOf = () => {
    code();
    return null;
  };
  Object.setPrototypeOf(trapped, new Proxy({}, { getPrototypeOf }));
  return [new Uint8Array(tagged), new Uint8Array(trapped)];
}

test("no code of a buffer runs between the check of one array and the use of another", () => {
  using cipher = aesGcm(new Uint8Array(16));
  using ctr = aesCtr(new Uint8Array(16));
  witness();
  const buffer: ArrayBuffer & { resize(length: number): void } = Reflect.construct(ArrayBuffer, [
    10,
    { maxByteLength: 300_000 },
  ]);
  const growing = new Uint8Array(buffer);
  let ran = 0;
  const code = () => {
    ran++;
    buffer.resize(300_000);
  };
  for (const into of buffersWithCode(code)) {
    expect(cipher.seal(nonce, growing, { into })).toHaveLength(26);
    expect(ctr.encrypt(new Uint8Array(16), growing, { into })).toHaveLength(10);
    expect(
      cipher
        .sealMany([
          { nonce, data: growing },
          { nonce: new Uint8Array(12).fill(1), data: into },
        ])
        .map(({ length }) => length),
    ).toEqual([26, 316]);
  }
  expect(ran).toBe(0);
});

test("shared memory is refused in every disguise", () => {
  using cipher = aesGcm(new Uint8Array(16));
  const renamed = new SharedArrayBuffer(40);
  Object.defineProperty(renamed, Symbol.toStringTag, { value: "ArrayBuffer" });
  const reparented = new SharedArrayBuffer(40);
  Object.setPrototypeOf(reparented, ArrayBuffer.prototype);
  for (const buffer of [renamed, reparented]) {
    const error: LanelockError = refusal("ERR_BUFFER", () => cipher.seal(nonce, new Uint8Array(buffer)));
    expect(error.message).toContain("SharedArrayBuffer");
  }
});
