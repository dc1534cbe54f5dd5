import { aesCtr, type CtrOptions, sm4Ctr } from "lanelock/unauthenticated";
import { afterEach, describe, expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";
import { expectNothingLeft } from "../contract/wiping.ts";
import { expectBytes, marked } from "../reference/expect-bytes.ts";
import { opensslEncrypt } from "../reference/openssl-modes.ts";
import { seeded } from "../reference/seeded.ts";

// Counters of other forms than OpenSSL's, against counter blocks that are written as numbers and encrypted by OpenSSL's ECB.

afterEach(expectNothingLeft);

type Form = Required<{ [Name in keyof CtrOptions]: NonNullable<CtrOptions[Name]> }>;

const forms: Form[] = (["big", "little"] as const).flatMap((endianness) =>
  ([32, 64, 128] as const).map((bits) => ({ endianness, bits })),
);

const ciphers = [
  { name: "aes", keyLength: 16, create: aesCtr },
  { name: "aes", keyLength: 32, create: aesCtr },
  { name: "sm4", keyLength: 16, create: sm4Ctr },
] as const;

/** A block as a number whose lowest bits count. */
function numberOf(block: Uint8Array, { endianness }: Form): bigint {
  const bytes = Buffer.from(block);
  return BigInt(`0x${(endianness === "big" ? bytes : bytes.reverse()).toString("hex")}`);
}

function blockOf(value: bigint, { endianness }: Form): Buffer {
  const bytes = Buffer.from(value.toString(16).padStart(32, "0"), "hex");
  return endianness === "big" ? bytes : bytes.reverse();
}

function counters(first: Uint8Array, count: number, form: Form): Buffer {
  const start = numberOf(first, form);
  const size = 1n << BigInt(form.bits);
  const fixed = start - (start % size);
  return Buffer.concat(Array.from({ length: count }, (_, i) => blockOf(fixed + ((start + BigInt(i)) % size), form)));
}

/** The first counter: random, or a few blocks before the field wraps, or before its lowest 32 bits do. */
function firsts(form: Form): Uint8Array[] {
  const random = seeded(`firsts ${form.endianness} ${form.bits}`);
  const ending = (bits: number) => {
    const any = numberOf(random.bytes(16), form);
    const size = 1n << BigInt(bits);
    return blockOf(any - (any % size) + size - 5n, form);
  };
  const one = blockOf(1n, form);
  return [random.bytes(16), one, ending(form.bits), ending(32)];
}

describe.each(ciphers)("$name, key of $keyLength bytes", ({ name, keyLength, create }) => {
  test.each(forms)("CTR counts $bits bits, $endianness-endian", (form) => {
    const random = seeded(`ctr ${name} ${keyLength} ${form.endianness} ${form.bits}`);
    const key = random.bytes(keyLength);
    using ctr = create(key, form);
    for (const first of firsts(form)) {
      for (const length of [0, 1, 15, 16, 17, 100, 495, 512, 513, 1040, 2048, 5000, 65_536, 70_001]) {
        const data = random.bytes(length);
        const blocks = counters(first, Math.ceil(length / 16), form);
        const keystream = opensslEncrypt({ cipher: name, mode: "ecb", key, data: blocks, padding: "none" });
        const encrypted = data.map((byte, at) => byte ^ (keystream[at] ?? 0));
        expectBytes(ctr.encrypt(first, data), encrypted, `encrypt ${length}`);
        expectBytes(ctr.decrypt(first, encrypted), data, `decrypt ${length}`);
        const both = marked(length + 9);
        both.set(data);
        expectBytes(ctr.encrypt(first, both.subarray(0, length), { into: both.subarray(9) }), encrypted, "ahead");
      }
    }
  });
});

test("the default is the whole block, big-endian", () => {
  const random = seeded("ctr default");
  const [key, data] = [random.bytes(32), random.bytes(1000)];
  const first = new Uint8Array(16).fill(0xff);
  using plain = aesCtr(key);
  for (const options of [{}, { bits: 128 }, { endianness: "big" }, { endianness: "big", bits: undefined }] as const) {
    using ctr = aesCtr(key, options);
    expectBytes(ctr.encrypt(first, data), plain.encrypt(first, data), JSON.stringify(options));
  }
});

test("other forms are refused", () => {
  const key = new Uint8Array(16);
  for (const bits of [0, 1, 8, 31, 33, 127, 256, -1, Number.NaN, "64", null, {}]) {
    refusal("ERR_ARGUMENT", () => aesCtr(key, { bits } as never));
  }
  for (const endianness of ["", "Little", "le", null, 1]) {
    refusal("ERR_ARGUMENT", () => aesCtr(key, { endianness } as never));
  }
  for (const options of [null, 1, "little", key, { endianess: "little" }]) {
    refusal("ERR_ARGUMENT", () => sm4Ctr(key, options as never));
  }
  expect(refusal("ERR_ARGUMENT", () => aesCtr(key, { endianess: "little" } as never)).message).toMatch(/endianness/);
});
