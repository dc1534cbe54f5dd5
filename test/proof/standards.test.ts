import { createCipheriv, createDecipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { readVectors } from "../conformance/response-file.ts";
import { Algebra, type Byte } from "./algebra.ts";
import { standardCipher } from "./equality-cases.ts";
import { constantBytes, knownByte } from "./standards/bytes.ts";
import { Ghash, multiply } from "./standards/sp800-38d.ts";

// The transcriptions of the standards, on known bits: they are what the engine is proved equal to.

const known = (bytes: readonly Byte[]) => Buffer.from(bytes.map((byte) => knownByte(byte) ?? Number.NaN));

test.each([16, 24, 32])("FIPS 197 as transcribed is AES, with keys of %d bytes", (keyLength) => {
  const key = Uint8Array.from({ length: keyLength }, (_, i) => 31 * i + 7);
  const block = Uint8Array.from({ length: 16 }, (_, i) => 83 * i + 1);
  const algorithm = `aes-${8 * keyLength}-ecb`;
  const standard = standardCipher(new Algebra(), { name: "", cipher: "aes", keyLength }, constantBytes(key));
  const sealed = createCipheriv(algorithm, key, null).setAutoPadding(false).update(block);
  expect(known(standard.encrypt(constantBytes(block)))).toEqual(sealed);
  const opened = createDecipheriv(algorithm, key, null).setAutoPadding(false).update(block);
  expect(known(standard.decrypt(constantBytes(block)))).toEqual(opened);
});

test("GB/T 32907 as transcribed is SM4", () => {
  const [vector] = readVectors("sm4/gbt-32907-2016.txt");
  const cipher = { name: "", cipher: "sm4", keyLength: 16 } as const;
  const standard = standardCipher(new Algebra(), cipher, constantBytes(vector!.bytes("KEY")));
  const [plaintext, ciphertext] = [vector!.bytes("PLAINTEXT"), vector!.bytes("CIPHERTEXT")];
  expect(known(standard.encrypt(constantBytes(plaintext)))).toEqual(Buffer.from(ciphertext));
  expect(known(standard.decrypt(constantBytes(ciphertext)))).toEqual(Buffer.from(plaintext));
});

const block = (bit: number) =>
  constantBytes(Uint8Array.from({ length: 16 }, (_, i) => (i === bit >> 3 ? 128 >> (bit & 7) : 0)));

// The product is linear in both operands by its definition, so that these two say: the product of x^i and x^j is x^(i + j), where
// x^(n + 1) is x times x^n. That makes it associative, commutative and distributive, and the powers of H right to use.
test("SP 800-38D's product is that of polynomials: of every two powers of x", () => {
  const algebra = new Algebra();
  const powers = [block(0)];
  for (let n = 1; n < 255; n++) powers.push(multiply(algebra, block(1), powers[n - 1]!));
  for (let i = 0; i < 128; i++) {
    expect(known(powers[i]!), `x^${i}`).toEqual(known(block(i)));
    for (const j of [0, 1, 2, 63, 64, 126, 127]) {
      expect(known(multiply(algebra, block(i), block(j))), `x^${i}·x^${j}`).toEqual(known(powers[i + j]!));
    }
  }
});

test("GHASH by four powers of H is GHASH block by block, and NIST's", () => {
  const h = constantBytes(Uint8Array.from(Buffer.from("66e94bd4ef8a2c3b884cfa59ca342b2e", "hex")));
  const data = constantBytes(Uint8Array.from({ length: 16 * 11 }, (_, i) => 13 * i + 5));
  const states = [1, 4].map((powers) => {
    const hash = new Ghash(new Algebra(), h, powers);
    hash.update(data);
    return known(hash.state);
  });
  expect(states[0]).toEqual(states[1]);
  // Test case 2 of the GCM specification: the hash of one block of ciphertext and the lengths.
  const hash = new Ghash(new Algebra(), h);
  hash.update(constantBytes(Buffer.from("0388dace60b6a392f328c2b971b2fe7800000000000000000000000000000080", "hex")));
  expect(known(hash.state).toString("hex")).toBe("f38cbb1ad69223dcc3457ae5b6b0f885");
});
