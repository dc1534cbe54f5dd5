import * as nobleAes from "@noble/ciphers/aes.js";
import { afterEach, describe, test } from "vitest";
import { notBytes } from "../bad-input/hostile-values.ts";
import { expectNothingLeft } from "../contract/wiping.ts";
import { seeded } from "../reference/seeded.ts";
import { type AesModes, expectAlike } from "./alike.ts";

afterEach(expectNothingLeft);

// AES-GCM-SIV and AES-SIV: noble's results, and noble's errors in its words.

/** Noble fails with an error of the JavaScript engine's own at what only looks like bytes. */
const values = Object.values(notBytes).filter((value) => !(value instanceof Uint8Array)) as never[];

type Create = (...parameters: unknown[]) => {
  encrypt(data: Uint8Array, output?: unknown): Uint8Array;
  decrypt(data: Uint8Array, output?: unknown): Uint8Array;
};

describe.each([
  { name: "gcmsiv", keyLengths: [16, 24, 32], nonceLength: 12 },
  { name: "aessiv", keyLengths: [32, 48, 64], nonceLength: 0 },
] as const)("$name", ({ name, keyLengths, nonceLength }) => {
  const random = seeded(`noble ${name}`);
  const create = (modes: AesModes, ...parameters: unknown[]) => (modes[name] as Create)(...parameters);
  const nonce = nonceLength === 0 ? [] : [random.bytes(nonceLength)];

  test("seals and opens as noble does", () => {
    for (const keyLength of keyLengths) {
      for (const length of [...Array.from({ length: 70 }, (_, i) => i), 512, 1040, 5000, 70_000]) {
        const [key, data] = [random.bytes(keyLength), random.bytes(length)];
        for (const aad of [[], [random.bytes(0)], [random.bytes(length % 37)]]) {
          const sealed = create(nobleAes, key, ...nonce, ...aad).encrypt(data);
          expectAlike(`key of ${keyLength}, ${length} bytes`, function* (modes) {
            yield () => create(modes, key, ...nonce, ...aad).encrypt(data);
            yield () => create(modes, key, ...nonce, ...aad).decrypt(sealed);
          });
        }
      }
    }
  });

  test("refuses what noble refuses", () => {
    const [key, data] = [random.bytes(32), random.bytes(40)];
    const sealed = create(nobleAes, key, ...nonce, data).encrypt(data);
    expectAlike("errors", function* (modes) {
      for (const value of values) {
        yield () => typeof create(modes, value, ...nonce);
        yield () => typeof create(modes, key, ...nonce, value);
        yield () => typeof create(modes, key, value);
        yield () => create(modes, key, ...nonce).encrypt(value);
        yield () => create(modes, key, ...nonce).decrypt(value);
        yield () => create(modes, key, ...nonce).encrypt(data, value);
      }
      for (const length of [0, 15, 16, 17, 24, 31, 33, 48, 64, 65]) {
        yield () => typeof create(modes, new Uint8Array(length), ...nonce);
      }
      for (const length of [0, 8, 11, 12, 13, 16]) yield () => typeof create(modes, key, new Uint8Array(length));
      for (let at = 0; at < sealed.length; at += 1) {
        const forged = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
        yield () => create(modes, key, ...nonce, data).decrypt(forged);
        yield () => create(modes, key, ...nonce, data).decrypt(sealed.subarray(0, at));
      }
      yield () => create(modes, key, ...nonce).decrypt(sealed);
      yield () => create(modes, key, ...nonce, data).decrypt(sealed, new Uint8Array(40));
      const cipher = create(modes, key, ...nonce, data);
      yield () => cipher.encrypt(data);
      yield () => cipher.encrypt(data);
      yield () => cipher.decrypt(sealed);
    });
  });

  test("takes arrays over memory that threads share", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(32)).fill(5);
    expectAlike("shared", function* (modes) {
      yield () => create(modes, shared, ...nonce, shared.subarray(7)).encrypt(shared);
    });
  });
});

test("aessiv takes up to 126 arrays of additional data, whose order and number count", () => {
  const random = seeded("noble aessiv components");
  const key = random.bytes(64);
  const components = Array.from({ length: 127 }, (_, index) => random.bytes(index % 33));
  expectAlike("components", function* (modes) {
    for (const count of [0, 1, 2, 3, 125, 126, 127]) {
      yield () => modes.aessiv(key, ...components.slice(0, count)).encrypt(components[30]!);
    }
    yield () => modes.aessiv(key, ...components.slice(0, 9).reverse()).encrypt(components[30]!);
    yield () => modes.aessiv(key, components[1]!, "text" as never).encrypt(components[30]!);
  });
});
