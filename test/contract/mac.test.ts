import { afterEach, describe, expect, test } from "vitest";
import { slotsInUse } from "../../src/engine/slots.ts";
import { notBytes, unusableBytes } from "../bad-input/hostile-values.ts";
import { arrayKinds, expectBytes, expectUnmodified } from "../reference/expect-bytes.ts";
import { macs } from "../reference/macs.ts";
import { seeded } from "../reference/seeded.ts";
import { expectIntoRules, expectResultsIndependent, expectTooSmallRefused } from "./into.ts";
import { keyLifeContract } from "./key-life.ts";
import { refusal } from "./refusal.ts";
import { expectNothingLeft, expectScratchWiped } from "./wiping.ts";

// What a MAC promises, over whichever block cipher.

afterEach(expectNothingLeft);

const lengths = [0, 1, 16, 17, 2047, 2048, 2049, 4096, 65_535, 65_536, 65_537, 200_000];

describe.each(macs)("$name keeps the contract of a MAC", (mac) => {
  const { name, cipher, keyLength, create, expected } = mac;

  function sample(length: number) {
    const random = seeded(`contract ${name} ${length}`);
    const [key, message] = [random.bytes(keyLength), random.bytes(length)];
    return { key, message, tag: expected(key, message) };
  }

  test.each(arrayKinds)("modifies none of its inputs, each a %s", (_, as) => {
    for (const length of lengths) {
      const { key, message, tag } = sample(length);
      const given = { message: as(message), tag: as(tag) };
      using keyed = create(as(key));
      expectBytes(keyed.mac(given.message), tag, `${length} bytes`);
      expect(keyed.verify(given.message, given.tag)).toBe(true);
      expectUnmodified(given, { message, tag });
      expectScratchWiped();
    }
  });

  test("into is written from its start, may overlap the message, and is refused when it is too small", () => {
    for (const length of [0, 40, 100_000]) {
      const { key, message, tag } = sample(length);
      using keyed = create(key);
      const write = (into?: Uint8Array) => keyed.mac(message, into === undefined ? {} : { into });
      expectIntoRules({ name, expected: tag, write });
      expectTooSmallRefused({ name, expected: tag, write });
      if (length < 16) continue;
      const both = Uint8Array.from(message);
      expectBytes(keyed.mac(both, { into: both.subarray(3) }), tag, "into the message");
      const results = () => keyed.mac(message);
      expectResultsIndependent(results, results);
    }
  });

  test("verify refuses every tag that differs in one bit, and every other length", () => {
    const { key, message, tag } = sample(100);
    using keyed = create(key);
    for (let bit = 0; bit < 128; bit += 1) {
      const wrong = Uint8Array.from(tag);
      wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(keyed.verify(message, wrong)).toBe(false);
      using stream = keyed.stream();
      stream.update(message);
      expect(stream.verify(wrong)).toBe(false);
    }
    for (let length = 0; length < 16; length += 1) expect(keyed.verify(message, tag.subarray(0, length))).toBe(false);
    expect(keyed.verify(message, Uint8Array.from([...tag, 0]))).toBe(false);
    expect(keyed.verify(message.subarray(1), tag)).toBe(false);
    expectScratchWiped();
  });

  test("streams give the same tag, however the message is divided", () => {
    for (const length of lengths) {
      const { key, message, tag } = sample(length);
      const random = seeded(`pieces ${name} ${length}`);
      using keyed = create(key);
      for (const most of [3000, 70_000]) {
        const stream = keyed.stream();
        for (let at = 0; at < length; ) {
          const end = Math.min(at + random.integer(0, most), length);
          stream.update(message.subarray(at, end));
          at = end;
        }
        expectScratchWiped();
        expectBytes(stream.final(), tag, `${length} bytes`);
        expectScratchWiped();
        refusal("ERR_STATE", () => stream.update(message));
        refusal("ERR_STATE", () => stream.final());
        refusal("ERR_STATE", () => stream.verify(tag));
      }
    }
  });

  test("a piece may end at any byte around a unit of 2,048", () => {
    const { key, message } = sample(4200);
    using keyed = create(key);
    const whole = message.subarray(0, 4096);
    for (let cut = 2030; cut <= 2066; cut += 1) {
      using stream = keyed.stream();
      stream.update(whole.subarray(0, cut));
      stream.update(whole.subarray(cut));
      expect(stream.verify(expected(key, whole)), `cut at ${cut}`).toBe(true);
    }
  });

  test("bad arguments are refused, and leave a stream as it was", () => {
    const { key, message, tag } = sample(100);
    using keyed = create(key);
    using stream = keyed.stream();
    stream.update(message.subarray(0, 50));
    for (const value of Object.values(notBytes)) {
      const wrong = value as Uint8Array;
      refusal("ERR_ARGUMENT", () => keyed.mac(wrong));
      refusal("ERR_ARGUMENT", () => keyed.verify(message, wrong));
      refusal("ERR_ARGUMENT", () => keyed.verify(wrong, tag));
      refusal("ERR_ARGUMENT", () => stream.update(wrong));
      refusal("ERR_ARGUMENT", () => stream.verify(wrong));
      refusal("ERR_KEY", () => create(wrong));
    }
    for (const make of Object.values(unusableBytes)) {
      refusal("ERR_BUFFER", () => keyed.mac(make(16)));
      refusal("ERR_BUFFER", () => keyed.verify(message, make(16)));
      refusal("ERR_BUFFER", () => stream.update(make(16)));
    }
    refusal("ERR_ARGUMENT", () => keyed.mac(message, { inot: tag } as never));
    refusal("ERR_ARGUMENT", () => keyed.mac(message, message as never));
    stream.update(message.subarray(50));
    expectBytes(stream.final(), tag, "after the refusals");
  });

  test("a stream that is dropped or whose key is gone leaves nothing", () => {
    const { key, message } = sample(5000);
    const keyed = create(key);
    const before = slotsInUse().length;
    const dropped = keyed.stream();
    dropped.update(message);
    dropped.dispose();
    dropped.dispose();
    refusal("ERR_STATE", () => dropped.update(message));
    expect(slotsInUse().length).toBe(before);
    using orphan = keyed.stream();
    orphan.update(message);
    keyed.dispose();
    refusal("ERR_STATE", () => orphan.update(message));
    refusal("ERR_STATE", () => orphan.final());
    refusal("ERR_STATE", () => keyed.stream());
  });

  if (cipher === "aes" && keyLength < 32) return;
  // A tag does not lead back to its message, but it can be verified for the last one.
  let last: Uint8Array = new Uint8Array(0);
  keyLifeContract({
    name,
    keyLength,
    create,
    forward: (cipher, message) => {
      last = message;
      return cipher.mac(message);
    },
    backward: (cipher, tag) => {
      expect(cipher.verify(last, tag)).toBe(true);
      return last;
    },
    expected,
    otherCalls: [(cipher) => cipher.stream()],
  });
});
