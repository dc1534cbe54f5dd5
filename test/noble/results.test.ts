import { managedNonce } from "@noble/ciphers/utils.js";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { expectNothingLeft } from "../contract/wiping.ts";
import { expectBytes, marked } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { type AesModes, expectAlike, lanelock, modeNames, noble } from "./alike.ts";

afterEach(expectNothingLeft);

const keyLengths = [16, 24, 32] as const;

test.each(modeNames)("%s has the properties that noble's has", (name) => {
  expect({ ...lanelock[name] }).toEqual({ ...noble[name] });
});

interface Input {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array | undefined;
  readonly data: Uint8Array;
}

/** Every mode and option of a library, as a pair of functions. */
function variants({ gcm, cbc, ctr, ecb, cfb }: AesModes, { key, nonce, aad }: Input) {
  const raw = { disablePadding: true };
  return {
    gcm: () => gcm(key, nonce, aad),
    "gcm without AAD": () => gcm(key, nonce),
    cbc: () => cbc(key, nonce.subarray(0, 16)),
    "cbc without padding": () => cbc(key, nonce.subarray(0, 16), raw),
    ctr: () => ctr(key, nonce.subarray(0, 16)),
    cfb: () => cfb(key, nonce.subarray(0, 16)),
    ecb: () => ecb(key),
    "ecb without padding": () => ecb(key, raw),
  };
}

type VariantName = keyof ReturnType<typeof variants>;
const variantNames = Object.keys(
  variants(noble, { key: new Uint8Array(16), nonce: new Uint8Array(16), aad: undefined, data: new Uint8Array() }),
) as VariantName[];

function expectSame(name: VariantName, input: Input): void {
  const whole = name.endsWith("without padding") ? input.data.subarray(0, input.data.length & ~15) : input.data;
  const label = `${name}, ${input.key.length * 8} bits, ${whole.length} bytes`;
  const theirs = variants(noble, input)[name];
  const ours = variants(lanelock, input)[name];
  const encrypted = theirs().encrypt(whole);
  expectBytes(ours().encrypt(whole), encrypted, `encrypt ${label}`);
  expectBytes(ours().decrypt(encrypted), whole, `decrypt ${label}`);
}

describe.each(variantNames)("%s equals noble", (name) => {
  test("at every length from 0 to 260 bytes and at long ones, with every key size", () => {
    const random = seeded(`noble ${name}`);
    for (const keyLength of keyLengths) {
      for (let length = 0; length <= 260; length++) {
        const [key, nonce] = [random.bytes(keyLength), random.bytes(16)];
        expectSame(name, { key, nonce, aad: random.bytes(length % 37), data: random.bytes(length) });
      }
      for (const length of [1000, 4096, 16_385, 65_536, 100_001]) {
        const [key, nonce] = [random.bytes(keyLength), random.bytes(16)];
        expectSame(name, { key, nonce, aad: random.bytes(length % 37), data: random.bytes(length) });
      }
    }
  });

  test("for every input of fast-check", () => {
    const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength });
    const input = fc.record({
      key: fc.oneof(bytes(16), bytes(24), bytes(32)),
      nonce: name.startsWith("gcm") ? bytes(8, 64) : bytes(16),
      aad: fc.option(bytes(0, 100), { nil: undefined }),
      data: bytes(0, 400),
    });
    fc.assert(
      fc.property(input, (given) => expectSame(name, given)),
      { numRuns: 200 },
    );
  });
});

const withOutput = ["cbc", "cbc without padding", "ctr", "cfb", "ecb", "ecb without padding"] as const;

test.each(withOutput)("%s writes to the output argument and returns it, as noble does", (name) => {
  const random = seeded(`noble output ${name}`);
  const given = { key: random.bytes(32), nonce: random.bytes(16), aad: undefined, data: random.bytes(96) };
  const outputs = [noble, lanelock].map((library) => {
    const create = variants(library, given)[name];
    const encrypted = create().encrypt(given.data);
    const output = marked(encrypted.length + 8).subarray(4, 4 + encrypted.length);
    const returned = create().encrypt(given.data, output);
    expectBytes(output, encrypted, "encrypted output");
    const back = marked(encrypted.length);
    const decrypted = create().decrypt(encrypted, back);
    expectBytes(decrypted, given.data, "decrypted output");
    const where = [returned, decrypted].map(({ buffer, byteOffset, length }) => ({
      own: buffer === output.buffer || buffer === back.buffer,
      byteOffset,
      length,
    }));
    const inPlace = Uint8Array.from(encrypted);
    if (name !== "cfb") expectBytes(create().decrypt(inPlace, inPlace), given.data, "in place");
    return { encrypted: Buffer.from(encrypted).toString("hex"), where };
  });
  expect(outputs[1]).toEqual(outputs[0]);
});

test.each(withOutput)("%s returns the same output array that it was given, of every class and memory", (name) => {
  const random = seeded(`noble identity ${name}`);
  const given = { key: random.bytes(32), nonce: random.bytes(16), aad: undefined, data: random.bytes(96) };
  const outputs = {
    array: (length: number) => new Uint8Array(length),
    Buffer: (length: number) => Buffer.alloc(length),
    shared: (length: number) => new Uint8Array(new SharedArrayBuffer(length)),
    part: (length: number) => new Uint8Array(length + 8).subarray(4, 4 + length),
  };
  for (const [kind, make] of Object.entries(outputs)) {
    const seen = [noble, lanelock].map((library) => {
      const create = variants(library, given)[name];
      const plainly = create().encrypt(given.data);
      const [output, back] = [make(plainly.length), make(plainly.length)];
      const encrypted = create().encrypt(given.data, output);
      const decrypted = create().decrypt(plainly, back);
      expectBytes(output, plainly, `${kind}: encrypted`);
      expectBytes(back.subarray(0, 96), given.data, `${kind}: decrypted`);
      return [encrypted === output, decrypted === back, decrypted.buffer === back.buffer, decrypted.constructor.name];
    });
    expect(seen[1], kind).toEqual(seen[0]);
    expect(seen[1]?.[0], kind).toBe(true);
  }
});

test.each(variantNames)("%s takes arrays over memory that threads share, as noble does", (name) => {
  const random = seeded(`noble shared ${name}`);
  const shared = (length: number) => {
    const bytes = new Uint8Array(new SharedArrayBuffer(length));
    bytes.set(random.bytes(length));
    return bytes;
  };
  const given = { key: shared(24), nonce: shared(16), aad: shared(9), data: shared(64) };
  const [theirs, ours] = [noble, lanelock].map((library) => variants(library, given)[name]().encrypt(given.data));
  expectBytes(ours!, theirs!, "encrypted");
  expect(ours?.buffer).toBeInstanceOf(ArrayBuffer);
  const sealed = shared(ours!.length);
  sealed.set(ours!);
  expectBytes(variants(lanelock, given)[name]().decrypt(sealed), given.data, "decrypted");
  expectNothingLeft();
});

test("inputs are not modified", () => {
  const random = seeded("noble inputs");
  for (const name of variantNames) {
    const given = { key: random.bytes(16), nonce: random.bytes(16), aad: random.bytes(20), data: random.bytes(64) };
    const before = structuredClone(given);
    const create = variants(lanelock, given)[name];
    create().decrypt(create().encrypt(given.data));
    expect(given).toEqual(before);
  }
});

test("noble's managedNonce wraps these modes", () => {
  const random = seeded("noble managedNonce");
  const [key, data] = [random.bytes(32), random.bytes(100)];
  for (const { gcm, ctr } of [lanelock, noble]) {
    for (const [ours, theirs] of [
      [managedNonce(gcm), managedNonce(noble.gcm)],
      [managedNonce(ctr), managedNonce(noble.ctr)],
    ] as const) {
      expectBytes(theirs(key).decrypt(ours(key).encrypt(data)), data, "to noble");
      expectBytes(ours(key).decrypt(theirs(key).encrypt(data)), data, "from noble");
    }
  }
});

test("one object decrypts as often as one likes", () => {
  const [key, nonce, data] = [new Uint8Array(16), new Uint8Array(16), new Uint8Array(48)];
  expectAlike("decrypt twice", function* (modes) {
    for (const name of ["gcm", "cbc", "ctr"] as const) {
      const sealed = modes[name](key, nonce).encrypt(data);
      const cipher = modes[name](key, nonce);
      yield () => cipher.decrypt(sealed);
      yield () => cipher.encrypt(data);
      yield () => cipher.decrypt(sealed);
    }
  });
});
