import { describe, expect, test } from "vitest";
import { type BlockMode, type BlockModeUnderTest, isStream, takesLength } from "../reference/ciphers.ts";
import { arrayKinds, expectBytes, expectUnmodified, marked } from "../reference/expect-bytes.ts";
import { opensslEncrypt } from "../reference/openssl-modes.ts";
import { seeded } from "../reference/seeded.ts";
import { expectIntoRules, expectResultsIndependent, expectTooSmallRefused } from "./into.ts";
import { type KeyedCipher, keyLifeContract } from "./key-life.ts";
import { refusal } from "./refusal.ts";

// What ECB, CBC, CTR, CFB and OFB promise, over whichever block cipher.

const lengths = [0, 1, 15, 16, 17, 128, 496, 5000, 5008, 100_000];

function sample(mode: BlockModeUnderTest, length: number) {
  const random = seeded(`contract ${mode.name} ${length}`);
  const input = { key: random.bytes(mode.keyLength), iv: random.bytes(16), data: random.bytes(length) };
  return { ...input, encrypted: mode.expected(input) };
}

function inputs(mode: BlockModeUnderTest): void {
  test.each(arrayKinds)("encrypt and decrypt modify none of their inputs, each a %s", (_, as) => {
    for (const length of lengths.filter((any) => takesLength(mode, any))) {
      const { key, iv, data, encrypted } = sample(mode, length);
      const given = { iv: as(iv), data: as(data), encrypted: as(encrypted) };
      using cipher = mode.create(as(key));
      expectBytes(cipher.encrypt(given.iv, given.data), encrypted, "encrypt");
      expectBytes(cipher.decrypt(given.iv, given.encrypted), data, "decrypt");
      expectUnmodified(given, { iv, data, encrypted });
    }
  });

  test("results are independent of each other", () => {
    for (const length of [16, 64, 96, 1008, 100_000]) {
      const { key, iv, data, encrypted } = sample(mode, length);
      using cipher = mode.create(key);
      expectResultsIndependent(
        () => cipher.encrypt(iv, data),
        () => cipher.decrypt(iv, encrypted),
      );
    }
  });
}

function into(mode: BlockModeUnderTest): void {
  test("into is written from its start, and refused when it is too small", () => {
    for (const length of lengths.filter((any) => takesLength(mode, any))) {
      const { key, iv, data, encrypted } = sample(mode, length);
      using cipher = mode.create(key);
      const options = (target?: Uint8Array) => (target === undefined ? {} : { into: target });
      const encrypt = (to?: Uint8Array) => cipher.encrypt(iv, data, options(to));
      const decrypt = (to?: Uint8Array) => cipher.decrypt(iv, encrypted, options(to));
      for (const writer of [
        { name: `encrypt ${length}`, expected: encrypted, write: encrypt },
        { name: `decrypt ${length}`, expected: data, write: decrypt },
      ]) {
        expectIntoRules(writer);
        expectTooSmallRefused(writer);
      }
    }
  });
}

/** A block whose last bytes are not PKCS#7 padding, one for each way to be wrong. */
function badPaddings(): Uint8Array[] {
  const wrongCount = [0, 17, 18, 32, 127, 128, 129, 200, 255].map((last) => new Uint8Array(16).fill(last));
  const oneWrongByte = [];
  for (let count = 2; count <= 16; count++) {
    for (let back = 2; back <= count; back++) {
      const block = new Uint8Array(16).fill(count, 16 - count);
      block[16 - back] = count ^ 0x80;
      oneWrongByte.push(block);
    }
  }
  return [...wrongCount, ...oneWrongByte];
}

function padding(mode: BlockModeUnderTest): void {
  if (mode.padding === "none") return;
  test("every bad padding is refused with the same words, and into left as it was", () => {
    const words = new Set<string>();
    const random = seeded(`padding ${mode.name}`);
    const [key, iv] = [random.bytes(mode.keyLength), random.bytes(16)];
    using cipher = mode.create(key);
    const bad = badPaddings();
    expect(bad).toHaveLength(9 + 120);
    for (const before of [0, 16, 160, 70_000 - (70_000 % 16)]) {
      for (const last of before > 1000 ? bad.slice(0, 12) : bad) {
        const data = Buffer.concat([random.bytes(before), last]);
        const from = { ...mode, key, data, iv: mode.mode === "ecb" ? undefined : iv };
        const encrypted = opensslEncrypt({ ...from, padding: "none" });
        const into = marked(data.length);
        words.add(refusal("ERR_PADDING", () => cipher.decrypt(iv, encrypted, { into })).message);
        expectBytes(into, marked(data.length), "into");
        words.add(refusal("ERR_PADDING", () => cipher.decrypt(iv, encrypted, { into: encrypted })).message);
      }
    }
    expect(words.size).toBe(1);
  });

  test("every good padding is removed", () => {
    for (let length = 0; length <= 48; length++) {
      const { key, iv, data, encrypted } = sample(mode, length);
      using cipher = mode.create(key);
      expectBytes(cipher.decrypt(iv, encrypted), data, `${length} bytes`);
    }
  });
}

function keyed(mode: BlockModeUnderTest): KeyedCipher<BlockMode> {
  const iv = seeded("one IV").bytes(16);
  return {
    name: mode.name,
    keyLength: mode.keyLength,
    create: mode.create,
    forward: (cipher, message) => cipher.encrypt(iv, message),
    backward: (cipher, output) => cipher.decrypt(iv, output),
    expected: (key, data) => mode.expected({ key, iv, data }),
    otherCalls: [],
  };
}

export function blockModeContract(mode: BlockModeUnderTest): void {
  describe(`${mode.name} keeps the contract of a block mode`, () => {
    inputs(mode);
    into(mode);
    padding(mode);
    // A key's life has nothing to do with padding: once for each cipher, key size and mode is enough. In CFB and OFB the keys are CTR's.
    const isOwn = mode.mode === "ctr" || mode.padding === "pkcs7";
    if (isOwn || (isStream(mode.mode) && mode.keyLength === 32)) keyLifeContract(keyed(mode));
  });
}
