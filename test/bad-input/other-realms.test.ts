import { runInNewContext } from "node:vm";
import { aesGcm } from "lanelock";
import { aesCbc, openStreamUnverified } from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";

// Arrays and objects of another realm: of a vm context, as jest and jsdom make them, of an iframe.

const realm: { Uint8Array: typeof Uint8Array; Object: typeof Object; Array: typeof Array } = runInNewContext(
  "({ Uint8Array, Object, Array })",
);
const random = seeded("other realms");

/** The same bytes in an array of the other realm. */
function foreign(bytes: Uint8Array): Uint8Array {
  const copy = new realm.Uint8Array(bytes.length);
  copy.set(bytes);
  expect(copy instanceof Uint8Array).toBe(false);
  return copy;
}

/** The same fields in an object of the other realm. */
function foreignObject<T extends object>(fields: T): T {
  return Object.assign(new realm.Object(), fields) as T;
}

test("bytes, options and lists of another realm give the same results as ours", () => {
  const [key, nonce, aad, text] = [random.bytes(32), random.bytes(12), random.bytes(9), random.bytes(70_000)];
  using own = aesGcm(key);
  using other = aesGcm(foreign(key), foreignObject({ tagLength: 16 as const }));
  for (const length of [0, 50, 70_000]) {
    const plain = text.subarray(0, length);
    const sealed = own.seal(nonce, plain, { aad });
    expectBytes(other.seal(foreign(nonce), foreign(plain), foreignObject({ aad: foreign(aad) })), sealed, "sealed");
    const into = foreign(new Uint8Array(length));
    const opened = other.open(foreign(nonce), foreign(sealed), foreignObject({ aad: foreign(aad), into }));
    expectBytes(opened, plain, "opened");
    expect(opened.buffer).toBe(into.buffer);
    const list = realm.Array.from([foreignObject({ nonce: foreign(nonce), data: foreign(plain), aad: foreign(aad) })]);
    expect(other.sealMany(list)).toEqual([sealed]);
    const stream = openStreamUnverified(other, foreign(nonce), foreignObject({ aad: foreign(aad) }));
    const pieces = [stream.update(foreign(sealed.subarray(0, length))), stream.final(foreign(sealed.subarray(length)))];
    expectBytes(Buffer.concat(pieces), plain, "opened by a stream");
  }
  using cbc = aesCbc(foreign(key));
  using same = aesCbc(key);
  const iv = random.bytes(16);
  expectBytes(cbc.encrypt(foreign(iv), foreign(text)), same.encrypt(iv, text), "CBC");
});

test("a misspelt field in an object of another realm is refused; its prototype's fields are ignored", () => {
  using aead = aesGcm(random.bytes(16));
  const [nonce, text] = [random.bytes(12), random.bytes(5)];
  expect(() => aead.seal(nonce, text, foreignObject({ additionalData: text } as object))).toThrow(/aad/);
  Object.defineProperty(realm.Object.prototype, "polluted", {
    value: 1,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  expect(aead.seal(nonce, text, foreignObject({ aad: text }))).toHaveLength(21);
});
