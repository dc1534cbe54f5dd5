import { aesGcm, type Backend } from "lanelock";
import { aesCbc, aesCtr, aesEcb } from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";
import type { TagLength } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";

// The engine, node:crypto, and the choice between them give the same bytes and the same errors at every length around the places
// where the choice changes.

const backends: readonly Backend[] = ["native", "auto"];

/** Every length around the crossovers of src/ciphers/native/backend.ts, and around the pieces that messages are cut into. */
const lengths = [
  ...[0, 1, 15, 16, 17],
  ...[384, 640, 704, 960, 1280, 2304].flatMap((around) =>
    Array.from({ length: 67 }, (_, index) => around - 33 + index),
  ),
  ...[131_071, 131_072, 131_073, 262_160],
];

test.each([16, 24, 32])("GCM under keys of %i bytes", (keyLength) => {
  const random = seeded(`backends GCM ${keyLength}`);
  const key = random.bytes(keyLength);
  using engine = aesGcm(key, { backend: "wasm" });
  for (const backend of backends) {
    using other = aesGcm(key, { backend });
    for (const [index, length] of lengths.entries()) {
      const [nonce, plaintext] = [random.bytes(12), random.bytes(length)];
      const aad = random.bytes([0, 20, 1000][index % 3] ?? 0);
      const sealed = engine.seal(nonce, plaintext, { aad });
      expectBytes(other.seal(nonce, plaintext, { aad }), sealed, `${backend}, seal ${length}`);
      expectBytes(other.open(nonce, sealed, { aad }), plaintext, `${backend}, open ${length}`);
      const both = new Uint8Array(length + 40);
      both.set(plaintext, 3);
      const place = { aad, into: both.subarray(index % 7) };
      expectBytes(
        other.seal(nonce, both.subarray(3, 3 + length), place),
        sealed,
        `${backend}, seal ${length} in place`,
      );
      expectBytes(
        other.open(nonce, place.into.subarray(0, length + 16), place),
        plaintext,
        `${backend}, open in place`,
      );
      const into = new Uint8Array(length).fill(0xa5);
      const forged = Uint8Array.from(sealed);
      const at = random.integer(0, forged.length - 1);
      forged[at] = (forged[at] ?? 0) ^ (1 << (index % 8));
      const { message } = refusal("ERR_AUTHENTICATION", () => engine.open(nonce, forged, { aad }));
      expect(refusal("ERR_AUTHENTICATION", () => other.open(nonce, forged, { aad, into })).message).toBe(message);
      expect(into.every((byte) => byte === 0xa5)).toBe(true);
    }
  }
});

test("GCM with every length of tag and many of nonces", () => {
  const random = seeded("backends parameters");
  const key = random.bytes(32);
  for (const tagLength of [4, 8, 12, 13, 14, 15, 16] as TagLength[]) {
    using engine = aesGcm(key, { tagLength, backend: "wasm" });
    for (const backend of backends) {
      using other = aesGcm(key, { tagLength, backend });
      for (const nonceLength of [1, 7, 8, 11, 12, 13, 16, 17, 32, 127, 128, 129, 300]) {
        for (const length of [0, 100, 1000, 2000]) {
          const [nonce, plaintext, aad] = [random.bytes(nonceLength), random.bytes(length), random.bytes(13)];
          const label = `${backend}, tag ${tagLength}, nonce ${nonceLength}, ${length} bytes`;
          const sealed = engine.seal(nonce, plaintext, { aad });
          expectBytes(other.seal(nonce, plaintext, { aad }), sealed, label);
          expectBytes(other.open(nonce, sealed, { aad }), plaintext, label);
          expectBytes(other.sealMany([{ nonce, data: plaintext, aad }])[0] as Uint8Array, sealed, `${label}, sealMany`);
          const shorter = sealed.subarray(0, -1);
          if (length > 0) refusal("ERR_AUTHENTICATION", () => other.open(nonce, shorter, { aad }), label);
        }
      }
    }
  }
});

const modes = {
  "CBC pkcs7": (key: Uint8Array, backend: Backend) => aesCbc(key, { backend }),
  "CBC none": (key: Uint8Array, backend: Backend) => aesCbc(key, { padding: "none", backend }),
  "ECB pkcs7": (key: Uint8Array, backend: Backend) => ecb(key, { backend }),
  "ECB none": (key: Uint8Array, backend: Backend) => ecb(key, { padding: "none", backend }),
  CTR: (key: Uint8Array, backend: Backend) => aesCtr(key, { backend }),
};

function ecb(key: Uint8Array, options: Parameters<typeof aesEcb>[1]) {
  const made = aesEcb(key, options);
  return {
    encrypt: (_: Uint8Array, data: Uint8Array) => made.encrypt(data),
    decrypt: (_: Uint8Array, data: Uint8Array) => made.decrypt(data),
    dispose: () => made.dispose(),
  };
}

test.each(Object.entries(modes))("%s", (name, create) => {
  const random = seeded(`backends ${name}`);
  for (const keyLength of [16, 24, 32]) {
    const key = random.bytes(keyLength);
    const engine = create(key, "wasm");
    for (const backend of backends) {
      const other = create(key, backend);
      for (const any of lengths) {
        const length = name.endsWith("none") ? any & ~15 : any;
        const [iv, data] = [random.bytes(16), random.bytes(length)];
        const encrypted = engine.encrypt(iv, data);
        const label = `${backend}, ${keyLength * 8} bits, ${length} bytes`;
        expectBytes(other.encrypt(iv, data), encrypted, label);
        expectBytes(other.decrypt(iv, encrypted), data, label);
        if (!name.endsWith("pkcs7")) continue;
        // A byte of the block before the last changes the padding, to one that is wrong or, by chance, right.
        const wrong = Uint8Array.from(encrypted);
        const at = Math.max(wrong.length - 17, 0);
        wrong[at] = (wrong[at] ?? 0) ^ 0x55;
        expect(outcome(() => other.decrypt(iv, wrong))).toEqual(outcome(() => engine.decrypt(iv, wrong)));
      }
      other.dispose();
    }
    engine.dispose();
  }
});

/** What a call returns or throws. */
function outcome(call: () => Uint8Array): unknown {
  try {
    return Buffer.from(call()).toString("hex");
  } catch (error) {
    return [Object(error).code, Object(error).message];
  }
}

test("CTR carries through all 128 bits of the counter", () => {
  const random = seeded("backends carry");
  const [key, data] = [random.bytes(32), random.bytes(5000)];
  using engine = aesCtr(key, { backend: "wasm" });
  using native = aesCtr(key, { backend: "native" });
  for (let ones = 1; ones <= 16; ones += 1) {
    const counter = random.bytes(16).fill(0xff, 16 - ones);
    counter[15] = 0xf0;
    expectBytes(native.encrypt(counter, data), engine.encrypt(counter, data), `${ones} bytes of ones`);
  }
});

test("a backend that there is not is refused, and named; ciphers without a choice have no such option", async () => {
  const key = new Uint8Array(32);
  for (const create of [aesGcm, aesCbc, aesEcb, aesCtr]) {
    for (const backend of ["", "WASM", "node", 1, null, {}]) {
      const { message } = refusal("ERR_ARGUMENT", () => create(key, { backend: backend as Backend }));
      for (const name of ["auto", "wasm", "native"]) expect(message).toContain(name);
    }
    refusal("ERR_ARGUMENT", () => create(key, { backends: "wasm" } as object), create.name);
  }
  const { sm4Gcm } = await import("lanelock");
  refusal("ERR_ARGUMENT", () => sm4Gcm(key.subarray(16), { backend: "wasm" } as object));
});

test("a key that was disposed of is not in node:crypto any more either", () => {
  const random = seeded("backends dispose");
  const aead = aesGcm(random.bytes(32), { backend: "native" });
  const ctr = aesCtr(random.bytes(32), { backend: "native" });
  aead.seal(new Uint8Array(12), random.bytes(100));
  ctr.encrypt(new Uint8Array(16), random.bytes(100));
  aead.dispose();
  ctr.dispose();
  refusal("ERR_STATE", () => aead.seal(new Uint8Array(12), random.bytes(100)));
  refusal("ERR_STATE", () => ctr.encrypt(new Uint8Array(16), random.bytes(100)));
});

test("bytes in resizable memory, which may grow or shrink meanwhile", () => {
  const random = seeded("backends resizable");
  const [key, nonce, plaintext] = [random.bytes(32), random.bytes(12), random.bytes(3000)];
  using engine = aesGcm(key, { backend: "wasm" });
  const sealed = engine.seal(nonce, plaintext);
  for (const backend of backends) {
    using other = aesGcm(key, { backend });
    const memory: ArrayBuffer & { resize(length: number): void } = Reflect.construct(ArrayBuffer, [
      3000,
      { maxByteLength: 5000 },
    ]);
    const tracking = new Uint8Array(memory);
    tracking.set(plaintext);
    expectBytes(other.seal(nonce, tracking), sealed, backend);
    memory.resize(3016);
    expectBytes(other.seal(nonce, tracking.subarray(0, 3000), { into: tracking }), sealed, `${backend}, in place`);
    expectBytes(other.open(nonce, tracking, { into: tracking }), plaintext, `${backend}, opened in place`);
    memory.resize(100);
    refusal("ERR_AUTHENTICATION", () => other.open(nonce, tracking));
  }
});
