import { createCipheriv } from "node:crypto";
import { LanelockError, sm4 as lanelock } from "lanelock/sm-crypto";
import { sm4 as theirs } from "sm-crypto-v2";
import { afterEach, describe, expect, test } from "vitest";
import { lenientText } from "../../src/shared/lenient-text.ts";
import { notBytes, unusableBytes } from "../bad-input/hostile-values.ts";
import { refusal } from "../contract/refusal.ts";
import { expectNothingLeft } from "../contract/wiping.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";

afterEach(expectNothingLeft);

// `lanelock/sm-crypto` against `sm-crypto-v2`: same options, encodings and results.

/** That theirs has the types of ours is the compiler's part of the proof. */
const ours: typeof theirs = lanelock;
const libraries = [theirs, ours] as const;

type Options = NonNullable<Parameters<typeof theirs.sm4>[3]>;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const random = seeded("sm-crypto");
const key = random.bytes(16);
const iv = random.bytes(16);

/** Data that sm-crypto-v2 can show as text, valid or not: it fails beyond the last code point. */
const texty = (length: number) => random.bytes(length).map((byte) => (byte >= 0xf4 ? byte & 0x7f : byte));

function expectUint8Array(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : expect.fail("no Uint8Array");
}

/** What a call gives, in comparable form: Uint8Arrays as such, and their class. */
function outcome(call: () => unknown): unknown {
  const value = call();
  return value instanceof Uint8Array ? { class: value.constructor.name, bytes: hex(value) } : value;
}

function expectSame(label: string, call: (sm4: typeof theirs) => unknown): void {
  const [expected, actual] = libraries.map((sm4) => outcome(() => call(sm4)));
  expect(actual, label).toEqual(expected);
}

const blockOptions: Options[] = ([undefined, "ecb", "cbc"] as const).flatMap((mode) =>
  ([undefined, "pkcs#7", "pkcs#5", "none", null] as const).flatMap((padding) =>
    ([undefined, "string", "array"] as const).map((output) => ({
      ...(mode && { mode }),
      ...(padding !== undefined && { padding }),
      ...(output && { output }),
    })),
  ),
);

/** Keys, IVs and data as bytes and as hexadecimal text. */
const encodings = [(bytes: Uint8Array) => bytes, hex, (bytes: Uint8Array) => hex(bytes).toUpperCase()] as const;

describe("ECB and CBC", () => {
  test.each(blockOptions)("with %j", (options) => {
    for (const length of [0, 1, 15, 16, 17, 32, 100, 1040]) {
      if ((options.padding === "none" || options.padding === null) && length % 16 !== 0) continue;
      const data = texty(length);
      for (const encode of encodings) {
        for (const given of [options, { ...options, iv: encode(iv) }]) {
          expectSame(`encrypt ${length}`, (sm4) => sm4.encrypt(data, encode(key), given as never));
          const encrypted = expectUint8Array(theirs.encrypt(data, key, { ...given, output: "array" } as never));
          expectSame(`decrypt ${length}`, (sm4) => sm4.decrypt(encode(encrypted), encode(key), given as never));
          expectSame(`flag ${length}`, (sm4) => sm4.sm4(data, encode(key), 1, given));
          expectSame(`flag ${length}`, (sm4) => sm4.sm4(encode(encrypted), encode(key), 0, given));
        }
      }
    }
  });

  test("equals OpenSSL", () => {
    const data = random.bytes(1000);
    const encryption = createCipheriv("sm4-cbc", key, iv);
    const expected = hex(Buffer.concat([encryption.update(data), encryption.final()]));
    expect(ours.encrypt(data, hex(key), { mode: "cbc", iv: hex(iv) })).toBe(expected);
  });
});

describe("GCM", () => {
  const aads = [undefined, "", hex(random.bytes(20)), random.bytes(20), random.bytes(0)];

  test.each([undefined, "string", "array"] as const)("with output %s", (output) => {
    for (const length of [0, 1, 16, 100, 1040]) {
      const data = texty(length);
      for (const nonce of [random.bytes(12), hex(random.bytes(12)), random.bytes(16), random.bytes(40), undefined]) {
        for (const associatedData of aads) {
          for (const outputTag of [undefined, true, false]) {
            const options = {
              mode: "gcm",
              ...(nonce !== undefined && { iv: nonce }),
              ...(output && { output }),
              ...(associatedData !== undefined && { associatedData }),
              ...(outputTag !== undefined && { outputTag }),
            } as const;
            expectSame(`encrypt ${length}`, (sm4) => sm4.encrypt(data, key, options as never));
            const sealed = theirs.encrypt(data, key, { ...options, output: "array", outputTag: true }) as {
              output: Uint8Array;
              tag: Uint8Array;
            };
            for (const tag of [sealed.tag, hex(sealed.tag)]) {
              const given = { ...options, tag } as never;
              expectSame(`decrypt ${length}`, (sm4) => sm4.decrypt(sealed.output, hex(key), given));
              expectSame(`decrypt ${length}`, (sm4) => sm4.decrypt(hex(sealed.output), key, given));
            }
          }
        }
      }
    }
  });

  test("a wrong tag is refused in its words; without a tag nothing is decrypted, which sm-crypto-v2 does", () => {
    const { output, tag } = ours.encrypt("text", key, { mode: "gcm", iv, output: "string" });
    const wrong = `00${tag?.slice(2)}`;
    expect(() => theirs.decrypt(output, key, { mode: "gcm", iv, tag: wrong })).toThrow("authentication tag mismatch");
    const refused = refusal("ERR_AUTHENTICATION", () => ours.decrypt(output, key, { mode: "gcm", iv, tag: wrong }));
    expect(refused.message).toBe("authentication tag mismatch");
    for (const tagLength of [0, 4, 12, 15, 17, 32]) {
      const part = new Uint8Array(tagLength);
      refusal("ERR_AUTHENTICATION", () => ours.decrypt(output, key, { mode: "gcm", iv, tag: part }));
    }
    expect(theirs.decrypt(output, key, { mode: "gcm", iv })).toBe("text");
    for (const none of [undefined, null, ""]) {
      const given = { mode: "gcm", iv, tag: none } as never;
      expect(refusal("ERR_ARGUMENT", () => ours.decrypt(output, key, given)).message).toMatch(/tag is missing/);
    }
  });
});

describe("text", () => {
  const texts = ["", "hello world! 我是 juneandgreen.", "\ufeffmark", "naïve £ € 😀 \u0000 end", "a".repeat(1000)];

  test("goes in as UTF-8 and comes out as it was", () => {
    for (const text of texts) {
      expectSame(text, (sm4) => sm4.encrypt(text, key));
      expectSame(text, (sm4) => sm4.decrypt(sm4.encrypt(text, key), key));
      expectSame(text, (sm4) => sm4.encrypt(text, key, { mode: "gcm", iv, output: "string" }));
      expect(ours.decrypt(ours.encrypt(text, key), key)).toBe(text);
    }
  });

  test("from U+40000 on stays as it is, where sm-crypto-v2 drops bits", () => {
    const text = "\u{8fba}\u{e0100}";
    expect(theirs.decrypt(theirs.encrypt(text, key), key)).toBe("\u{8fba}\u{20100}");
    expect(ours.decrypt(ours.encrypt(text, key), key)).toBe(text);
  });

  test("bytes that are not UTF-8 come out as sm-crypto-v2 has them", () => {
    for (let round = 0; round < 300; round += 1) {
      const bytes = texty(random.integer(0, 40));
      const encrypted = ours.encrypt(bytes, key);
      expectSame(hex(bytes), (sm4) => sm4.decrypt(encrypted, key));
    }
    expect(lenientText(Uint8Array.of(0xf7, 0xbf, 0xbf, 0xbf, 0x41, 0xe4))).toBe("\ufffdA\u4000");
  });

  test("a lone surrogate is refused, as sm-crypto-v2 does", () => {
    for (const text of ["\ud800", "a\udfff", "\ud83d\ud83d\ude00"]) {
      expect(() => theirs.encrypt(text, key)).toThrow("input is not supported");
      expect(refusal("ERR_ARGUMENT", () => ours.encrypt(text, key)).message).toMatch(/^input is not supported/);
    }
  });
});

describe("what sm-crypto-v2 refuses is refused with its words", () => {
  test.each([
    ["a short key", (sm4: typeof theirs) => sm4.encrypt("text", key.subarray(1)), "key is invalid"],
    ["a long key", (sm4: typeof theirs) => sm4.decrypt("00", `${hex(key)}00`), "key is invalid"],
    ["a short IV", (sm4: typeof theirs) => sm4.encrypt("text", key, { mode: "cbc", iv: "00" }), "iv is invalid"],
    [
      "bad padding",
      (sm4: typeof theirs) => sm4.decrypt(sm4.encrypt(new Uint8Array(16).fill(9, 15), key, { padding: "none" }), key),
      "padding is invalid",
    ],
  ])("%s", (_, call, words) => {
    expect(() => call(theirs)).toThrow(words);
    let thrown: unknown;
    try {
      call(ours);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LanelockError);
    expect(String(thrown)).toContain(words);
  });
});

describe("what sm-crypto-v2 answers with wrong bytes is refused", () => {
  test("padding that is not PKCS#7", () => {
    for (const block of [new Uint8Array(16), new Uint8Array(32).fill(32), Uint8Array.of(...new Uint8Array(15), 0)]) {
      const encrypted = ours.encrypt(block, key, { padding: "none" });
      refusal("ERR_PADDING", () => ours.decrypt(encrypted, key));
    }
  });

  test("data that is not whole blocks, where there is no padding", () => {
    refusal("ERR_LENGTH", () => ours.encrypt("abc", key, { padding: "none" }));
    refusal("ERR_LENGTH", () => ours.decrypt("abcd", key, { padding: "none" }));
    refusal("ERR_LENGTH", () => ours.decrypt("abcd", key));
  });

  test("text that is not hexadecimal", () => {
    refusal("ERR_KEY", () => ours.encrypt("text", "0123456789abcdefghijklmnopqrstuv"));
    refusal("ERR_ARGUMENT", () => ours.decrypt("not hexadecimal!", key));
    refusal("ERR_NONCE", () => ours.encrypt("text", key, { mode: "cbc", iv: "0x0102030405060708090a0b0c0d0e0f" }));
  });

  test("modes and paddings that it takes for ECB and none", () => {
    for (const mode of ["CBC", "ctr", "cfb", "", 1, {}]) {
      refusal("ERR_ARGUMENT", () => ours.encrypt("text", key, { mode } as never));
    }
    for (const padding of ["PKCS7", "zero", "", 1, {}]) {
      refusal("ERR_ARGUMENT", () => ours.encrypt("text", key, { padding } as never));
    }
  });

  test("arguments of other types", () => {
    const known = Object.values(notBytes).filter((value) => typeof value !== "string" && !Array.isArray(value));
    for (const value of known as never[]) {
      refusal("ERR_ARGUMENT", () => ours.encrypt(value, key));
      refusal("ERR_ARGUMENT", () => ours.decrypt(value, key));
      expect(() => ours.encrypt("text", value)).toThrow(LanelockError);
      // Null is none: a nonce that was not found must not become zeros.
      if (value === undefined) continue;
      for (const mode of ["cbc", "gcm"] as const) {
        expect(() => theirs.encrypt("text", key, { mode, iv: null } as never)).toThrow(TypeError);
        refusal("ERR_ARGUMENT", () => ours.encrypt("text", key, { mode, iv: value }));
        refusal("ERR_ARGUMENT", () => ours.decrypt("00", key, { mode, iv: value }));
      }
    }
    for (const options of [null, 1, "cbc", true]) {
      refusal("ERR_ARGUMENT", () => ours.encrypt("text", key, options as never));
    }
    for (const make of Object.values(unusableBytes)) refusal("ERR_BUFFER", () => ours.encrypt(make(16), key));
  });
});

test("lists of numbers are taken as sm-crypto takes them, if they are bytes", () => {
  const data = random.bytes(50);
  const encrypted = lanelock.encrypt([...data], [...key], { mode: "cbc", iv: [...iv] });
  expect(encrypted).toBe(theirs.encrypt(data, key, { mode: "cbc", iv }));
  const decrypted = lanelock.decrypt([...Buffer.from(encrypted, "hex")], key, { mode: "cbc", iv, output: "array" });
  expectBytes(decrypted, data, "decrypted");
  for (const list of [[256], [-1], [0.5], [Number.NaN], ["1"], new Array(3)]) {
    refusal("ERR_ARGUMENT", () => lanelock.encrypt(list as number[], key));
  }
});
