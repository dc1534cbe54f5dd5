import * as nobleAes from "@noble/ciphers/aes.js";
import * as dropIn from "lanelock/noble";
import { afterEach, describe, expect, test } from "vitest";
import { notBytes } from "../bad-input/hostile-values.ts";
import { expectNothingLeft } from "../contract/wiping.ts";
import { seeded } from "../reference/seeded.ts";
import { type AesModes, expectAlike } from "./alike.ts";

afterEach(expectNothingLeft);

// Key wrap, CMAC and the generators: noble's results, and noble's errors in its words.

/** It looks like bytes to noble, which then fails with an error of the JavaScript engine's own. */
const values = Object.values(notBytes).filter((value) => !(value instanceof Uint8Array)) as never[];

test("every public export of noble is here, but for its unsafe internals", () => {
  const wanted = Object.keys(nobleAes).filter((name) => name !== "unsafe" && name !== "__TESTS");
  expect(Object.keys(dropIn).sort()).toEqual(wanted.sort());
});

test("siv says that it has another name", () => {
  expectAlike("siv", function* (modes) {
    yield () => modes.siv();
  });
});

/** As JavaScript sees it: with any arguments. */
type Create = (...parameters: unknown[]) => {
  encrypt(data: Uint8Array, output?: unknown): Uint8Array;
  decrypt(data: Uint8Array, output?: unknown): Uint8Array;
};

describe.each(["aeskw", "aeskwp"] as const)("%s", (name) => {
  const random = seeded(`noble ${name}`);
  const create = (modes: AesModes, ...parameters: unknown[]) => (modes[name] as Create)(...parameters);

  test("wraps and unwraps as noble does, at every length up to 100 bytes", () => {
    for (const keyLength of [16, 24, 32]) {
      for (let length = 0; length <= 100; length += 1) {
        const [key, data] = [random.bytes(keyLength), random.bytes(length)];
        expectAlike(`${keyLength}, ${length} bytes`, function* (modes) {
          yield () => create(modes, key).encrypt(data);
          yield () => create(modes, key).decrypt(data);
          yield () => create(modes, key).decrypt(create(nobleAes, key).encrypt(data));
        });
      }
    }
  });

  test("refuses what noble refuses", () => {
    const [key, data] = [random.bytes(32), random.bytes(32)];
    const wrapped = create(nobleAes, key).encrypt(data);
    expectAlike("errors", function* (modes) {
      for (const value of values) {
        yield () => create(modes, value);
        yield () => create(modes, key).encrypt(value);
        yield () => create(modes, key).decrypt(value);
        yield () => create(modes, key).encrypt(data, value);
      }
      for (const length of [0, 15, 17, 31, 33]) {
        yield () => create(modes, new Uint8Array(length)).encrypt(data);
        yield () => create(modes, new Uint8Array(length)).decrypt(wrapped);
        yield () => create(modes, new Uint8Array(length)).encrypt(new Uint8Array(7));
      }
      yield () => create(modes, key, data);
      yield () => create(modes, key, undefined, data);
      yield () => create(modes, key).decrypt(wrapped, new Uint8Array(32));
      for (let at = 0; at < wrapped.length; at += 1) {
        const forged = wrapped.map((byte, index) => (index === at ? byte ^ 1 : byte));
        yield () => create(modes, key).decrypt(forged);
        yield () => create(modes, key).decrypt(wrapped.subarray(0, at));
      }
      const cipher = create(modes, key);
      yield () => cipher.encrypt(data);
      yield () => cipher.encrypt(data);
      yield () => cipher.decrypt(wrapped);
    });
  });
});

describe("cmac", () => {
  const random = seeded("noble cmac");

  test("has the properties that noble's has", () => {
    expect(Object.keys(dropIn.cmac).sort()).toEqual(Object.keys(nobleAes.cmac).sort());
    const ours = dropIn.cmac.create(new Uint8Array(16));
    const theirs = nobleAes.cmac.create(new Uint8Array(16));
    expect([dropIn.cmac.outputLen, dropIn.cmac.blockLen]).toEqual([nobleAes.cmac.outputLen, nobleAes.cmac.blockLen]);
    expect([ours.outputLen, ours.blockLen]).toEqual([theirs.outputLen, theirs.blockLen]);
    ours.destroy();
  });

  test("gives noble's tags, whole and in pieces", () => {
    for (const keyLength of [16, 24, 32]) {
      for (const length of [0, 1, 15, 16, 17, 64, 1000, 5000]) {
        const [key, message] = [random.bytes(keyLength), random.bytes(length)];
        expectAlike(`${keyLength}, ${length} bytes`, function* (modes) {
          yield () => modes.cmac(message, key);
          const pieces = modes.cmac.create(key);
          pieces.update(message.subarray(0, length >> 1));
          pieces.update(message.subarray(length >> 1));
          yield () => pieces.digest();
          const into = modes.cmac.create(key);
          into.update(message);
          const out = new Uint8Array(20);
          yield () => into.digestInto(out);
          yield () => out;
          into.destroy();
        });
      }
    }
  });

  test("refuses what noble refuses", () => {
    const [key, message] = [random.bytes(32), random.bytes(100)];
    expectAlike("errors", function* (modes) {
      for (const value of values) {
        yield () => modes.cmac(value, key);
        yield () => modes.cmac(message, value);
        yield () => modes.cmac.create(value);
      }
      for (const length of [0, 15, 17, 64]) yield () => modes.cmac(message, new Uint8Array(length));
      const cmac = modes.cmac.create(key);
      for (const value of values) {
        yield () => cmac.update(value);
        yield () => cmac.digestInto(value);
      }
      yield () => cmac.digestInto(new Uint8Array(15));
      yield () => cmac.digestInto(new Uint8Array(32).subarray(1));
      yield () => cmac.digestInto(new Uint8Array(16));
      yield () => void cmac.update(message);
      yield () => cmac.digestInto(new Uint8Array(16));
      yield () => cmac.digest();
      cmac.destroy();
      yield () => void cmac.update(message);
      yield () => cmac.digest();
      cmac.destroy();
      const digested = modes.cmac.create(key);
      yield () => digested.digest();
      yield () => digested.digest();
      yield () => void digested.update(message);
    });
  });

  test("takes arrays over memory that threads share", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(40)).fill(3);
    expectAlike("shared", function* (modes) {
      yield () => modes.cmac(shared, shared.subarray(0, 16));
      const cmac = modes.cmac.create(shared.subarray(0, 16));
      cmac.update(shared);
      yield () => cmac.digest();
    });
  });
});

describe.each([
  ["rngAesCtrDrbg128", 32],
  ["rngAesCtrDrbg256", 48],
] as const)("%s", (name, seedLength) => {
  const random = seeded(`noble ${name}`);

  test("gives noble's bytes, with additional input and after reseeding", () => {
    const [seed, more] = [random.bytes(seedLength), random.bytes(seedLength)];
    for (const personalization of [undefined, random.bytes(0), random.bytes(1), random.bytes(seedLength)]) {
      expectAlike(`personalization of ${personalization?.length}`, function* (modes) {
        const drbg = modes[name](seed, personalization);
        for (const length of [0, 1, 16, 17, 1000, 65_536]) yield () => drbg.randomBytes(length);
        yield () => drbg.randomBytes(40, more.subarray(0, 20));
        yield () => drbg.addEntropy(more);
        yield () => drbg.randomBytes(40, more);
        yield () => drbg.addEntropy(more, seed.subarray(0, 5));
        yield () => drbg.randomBytes(300);
        yield () => drbg.blockLen;
      });
    }
  });

  test("counts on from request to request", () => {
    const seed = random.bytes(seedLength);
    expectAlike("requests", function* (modes) {
      const drbg = modes[name](seed);
      for (let request = 0; request < 300; request += 1) yield () => drbg.randomBytes(4096).subarray(-16);
    });
  });

  test("refuses what noble refuses", () => {
    const seed = random.bytes(seedLength);
    expectAlike("errors", function* (modes) {
      const drbg = modes[name](seed);
      for (const value of values) {
        yield () => void modes[name](value);
        yield () => void modes[name](seed, value);
        yield () => drbg.randomBytes(value);
        yield () => drbg.addEntropy(value);
        yield () => drbg.randomBytes(8, value);
      }
      for (const length of [0, 16, seedLength - 1, seedLength + 1]) {
        yield () => void modes[name](new Uint8Array(length));
      }
      yield () => void modes[name](seed, new Uint8Array(seedLength + 1));
      for (const length of [-1, 0.5, Number.NaN, 65_537, Number.POSITIVE_INFINITY])
        yield () => drbg.randomBytes(length);
      yield () => drbg.randomBytes(1, new Uint8Array(seedLength + 1));
      drbg.clean();
      yield () => drbg.randomBytes(1);
      yield () => drbg.addEntropy(seed);
    });
  });
});
