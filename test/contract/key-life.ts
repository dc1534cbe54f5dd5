import { expect, test } from "vitest";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { refusal } from "./refusal.ts";

// The life of a key object, whatever it encrypts with: as many at once as one likes, and an end.

interface Disposable {
  dispose(): void;
  [Symbol.dispose](): void;
}

/** A cipher seen as something that turns one small message into bytes and back. */
export interface KeyedCipher<Key extends Disposable> {
  readonly name: string;
  readonly keyLength: number;
  create(key: Uint8Array): Key;
  forward(key: Key, message: Uint8Array): Uint8Array;
  backward(key: Key, output: Uint8Array): Uint8Array;
  expected(key: Uint8Array, message: Uint8Array): Uint8Array;
  /** How many keys live at once in one test: 10,000 unless given. 7919, a prime, must not divide it. */
  readonly liveKeys?: number;
  /** Every other call that must end with the key. */
  readonly otherCalls: readonly ((key: Key) => unknown)[];
}

function afterDispose<Key extends Disposable>(cipher: KeyedCipher<Key>): void {
  test(`${cipher.name}: a disposed key refuses every call, and disposing twice does no harm`, () => {
    const random = seeded(`dispose ${cipher.name}`);
    const [keyBytes, message] = [random.bytes(cipher.keyLength), random.bytes(32)];
    const key = cipher.create(keyBytes);
    const other = cipher.create(keyBytes);
    const output = Uint8Array.from(cipher.forward(key, message));
    key.dispose();
    key.dispose();
    key[Symbol.dispose]();
    const calls = [() => cipher.forward(key, message), () => cipher.backward(key, output)];
    for (const call of [...calls, ...cipher.otherCalls.map((call) => () => call(key))]) {
      expect(refusal("ERR_STATE", call).message).toMatch(/dispose/);
    }
    expectBytes(cipher.forward(other, message), output, "another object of the same key");
    other.dispose();
  });

  test(`${cipher.name}: using ends the key with its block`, () => {
    const random = seeded(`using ${cipher.name}`);
    const kept: Key[] = [];
    {
      using key = cipher.create(random.bytes(cipher.keyLength));
      kept.push(key);
    }
    for (const key of kept) refusal("ERR_STATE", () => cipher.forward(key, random.bytes(16)));
  });
}

function manyKeys<Key extends Disposable>(cipher: KeyedCipher<Key>): void {
  const { liveKeys = 10_000 } = cipher;
  test(`${cipher.name}: ${liveKeys} live keys, used in turn and out of turn, stay right`, () => {
    const random = seeded(`live keys ${cipher.name}`);
    const message = random.bytes(48);
    const keys = Array.from({ length: liveKeys }, () => {
      const bytes = random.bytes(cipher.keyLength);
      return { key: cipher.create(bytes), expected: cipher.expected(bytes, message) };
    });
    for (const { key, expected } of keys) expectBytes(cipher.forward(key, message), expected, "in turn");
    for (let index = 0; index < liveKeys; index++) {
      // 7919 is prime to their number: every key once, far from its neighbours.
      const { key, expected } = keys[(index * 7919) % liveKeys]!;
      expectBytes(cipher.backward(key, expected), message, "out of turn");
    }
    for (const { key } of keys.filter((_, index) => index % 2 === 0)) key.dispose();
    for (const { key, expected } of keys.filter((_, index) => index % 2 === 1)) {
      expectBytes(cipher.forward(key, message), expected, "after half the keys are gone");
      key.dispose();
    }
  });

  test(`${cipher.name}: a key made in the place of a disposed one has nothing of it`, () => {
    const random = seeded(`reuse ${cipher.name}`);
    for (let round = 0; round < 200; round++) {
      const [first, second, message] = [
        random.bytes(cipher.keyLength),
        random.bytes(cipher.keyLength),
        random.bytes(64),
      ];
      const old = cipher.create(first);
      cipher.forward(old, message);
      old.dispose();
      using key = cipher.create(second);
      expectBytes(cipher.forward(key, message), cipher.expected(second, message), `round ${round}`);
    }
  });
}

function callersKey<Key extends Disposable>(cipher: KeyedCipher<Key>): void {
  test(`${cipher.name}: the caller's key is not modified, and may be modified afterwards`, () => {
    const random = seeded(`caller's key ${cipher.name}`);
    const [keyBytes, message] = [random.bytes(cipher.keyLength), random.bytes(32)];
    const given = Uint8Array.from(keyBytes);
    using key = cipher.create(given);
    cipher.forward(key, message);
    expectBytes(given, keyBytes, "the key as given");
    given.fill(0);
    expectBytes(cipher.forward(key, message), cipher.expected(keyBytes, message), "after the caller wiped its copy");
  });
}

export function keyLifeContract<Key extends Disposable>(cipher: KeyedCipher<Key>): void {
  afterDispose(cipher);
  manyKeys(cipher);
  callersKey(cipher);
}
