import { hkdfSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hkdfSha256 } from "../../src/shared/hash/hkdf-sha256.ts";
import { refusal } from "../contract/refusal.ts";
import { seeded } from "../reference/seeded.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (derived: Uint8Array) => Buffer.from(derived).toString("hex");

// RFC 5869, Appendix A; case 2 has longer input than a message's keys take.
describe("the test cases of RFC 5869", () => {
  test("A.1", () => {
    const input = { key: bytes("0b".repeat(22)), salt: bytes("000102030405060708090a0b0c") };
    const derived = hkdfSha256({ ...input, info: bytes("f0f1f2f3f4f5f6f7f8f9"), length: 42 });
    const okm = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
    expect(hex(derived)).toBe(okm);
  });

  test("A.3, without salt and info", () => {
    const nothing = new Uint8Array(0);
    const derived = hkdfSha256({ key: bytes("0b".repeat(22)), salt: nothing, info: nothing, length: 42 });
    const okm = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
    expect(hex(derived)).toBe(okm);
  });
});

test("every length of key, salt and info, against node:crypto", () => {
  const random = seeded("hkdf");
  for (let i = 0; i <= 64; i++) {
    for (const [a, b, c] of [
      [i, 32, 38],
      [32, i, 38],
      [32, 32, i],
    ] as const) {
      const [key, salt, info] = [random.bytes(a), random.bytes(b), random.bytes(c)];
      for (const length of [1, 31, 32, 33, 55, 71, 64 + i]) {
        const wanted = Buffer.from(hkdfSync("sha256", key, salt, info, length)).toString("hex");
        expect(hex(hkdfSha256({ key, salt, info, length }))).toBe(wanted);
      }
    }
  }
});

test("longer input is refused", () => {
  const [short, long] = [new Uint8Array(1), new Uint8Array(65)];
  const input = { key: short, salt: short, info: short, length: 1 };
  for (const part of ["key", "salt", "info"]) {
    refusal("ERR_ARGUMENT", () => hkdfSha256({ ...input, [part]: long }));
  }
});
