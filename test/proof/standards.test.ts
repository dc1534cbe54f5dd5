import { createCipheriv, createDecipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { readVectors } from "../conformance/response-file.ts";
import { Algebra, type Byte } from "./algebra.ts";
import { blockCipher } from "./standards/block-cipher.ts";
import { constantBytes, knownByte } from "./standards/bytes.ts";
import { counterOfV, s2v } from "./standards/rfc5297.ts";
import { deriveKeys, keystreamed, lengthBlock, reversedBlocks, tagOf } from "./standards/rfc8452.ts";
import { ctr } from "./standards/sp800-38a.ts";
import { cmac } from "./standards/sp800-38b.ts";
import { keystreamed as ccmKeystreamed, ccmTag, encodedAadLength } from "./standards/sp800-38c.ts";
import { blockByBlock, Ghash, multiply } from "./standards/sp800-38d.ts";
import { icv1, inverseW, kwpInput, kwpWrapped, w } from "./standards/sp800-38f.ts";

// The transcriptions of the standards, on known bits: they are what the engine is proved equal to.

const known = (bytes: readonly Byte[]) => Buffer.from(bytes.map((byte) => knownByte(byte) ?? Number.NaN));

test.each([16, 24, 32])("FIPS 197 as transcribed is AES, with keys of %d bytes", (keyLength) => {
  const key = Uint8Array.from({ length: keyLength }, (_, i) => 31 * i + 7);
  const block = Uint8Array.from({ length: 16 }, (_, i) => 83 * i + 1);
  const algorithm = `aes-${8 * keyLength}-ecb`;
  const standard = blockCipher(new Algebra(), "aes", constantBytes(key));
  const sealed = createCipheriv(algorithm, key, null).setAutoPadding(false).update(block);
  expect(known(standard.encrypt(constantBytes(block)))).toEqual(sealed);
  const opened = createDecipheriv(algorithm, key, null).setAutoPadding(false).update(block);
  expect(known(standard.decrypt(constantBytes(block)))).toEqual(opened);
});

test("GB/T 32907 as transcribed is SM4", () => {
  const [vector] = readVectors("sm4/gbt-32907-2016.txt");
  const standard = blockCipher(new Algebra(), "sm4", constantBytes(vector!.bytes("KEY")));
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
  const zeros = constantBytes(new Uint8Array(16));
  const states = [1, 4].map((powers) => known(new Ghash(new Algebra(), h, { from: 4, powers }).update(zeros, data)));
  expect(states[0]).toEqual(states[1]);
  // Test case 2 of the GCM specification: the hash of one block of ciphertext and the lengths.
  const two = constantBytes(Buffer.from("0388dace60b6a392f328c2b971b2fe7800000000000000000000000000000080", "hex"));
  const hash = new Ghash(new Algebra(), h, blockByBlock).update(zeros, two);
  expect(known(hash).toString("hex")).toBe("f38cbb1ad69223dcc3457ae5b6b0f885");
});

const aes = (algebra: Algebra, key: Uint8Array) => blockCipher(algebra, "aes", constantBytes(key));
const hex = (bytes: readonly Byte[]) => known(bytes).toString("hex");

test.each([128, 192, 256])("SP 800-38B as transcribed is CMAC, on NIST's examples of AES-%d", (bits) => {
  const algebra = new Algebra();
  for (const vector of readVectors(`sp800-38b/nist-800-38b-aes${bits}.txt`)) {
    const tag = cmac(algebra, aes(algebra, vector.bytes("KEY")), constantBytes(vector.bytes("MESSAGE")));
    expect(hex(tag), vector.name).toBe(Buffer.from(vector.bytes("OUTPUT")).toString("hex"));
  }
});

test("SP 800-38C as transcribed is CCM, on NIST's examples", () => {
  const algebra = new Algebra();
  // The last has 65,536 bytes of additional data, which takes a while here.
  for (const vector of readVectors("sp800-38c/ccm.txt").slice(0, 3)) {
    const cipher = aes(algebra, vector.bytes("KEY"));
    const [nonce, aad] = [vector.bytes("NONCE"), constantBytes(vector.bytes("AAD"))];
    const [text, sealed] = [constantBytes(vector.bytes("PT")), vector.bytes("CT")];
    const length = sealed.length - text.length;
    const tag = ccmTag(algebra, cipher, { nonce, aad, text, tag: length }).slice(0, length);
    const found = [...ccmKeystreamed(algebra, cipher, nonce, text), ...tag];
    expect(hex(found), vector.name).toBe(Buffer.from(sealed).toString("hex"));
  }
  expect([0, 1, 0xfeff, 0xff00, 2 ** 32].map((length) => encodedAadLength(length).length)).toEqual([0, 2, 2, 6, 10]);
});

test("SP 800-38F as transcribed is KW and KWP, on the examples of RFC 3394 and RFC 5649", () => {
  const algebra = new Algebra();
  for (const vector of readVectors("rfc3394/kw.txt")) {
    const [cipher, text] = [aes(algebra, vector.bytes("K")), constantBytes(vector.bytes("P"))];
    const wrapped = w(algebra, cipher, [...icv1(), ...text]);
    expect(hex(wrapped), vector.name).toBe(Buffer.from(vector.bytes("C")).toString("hex"));
    expect(hex(inverseW(algebra, cipher, wrapped).slice(8)), vector.name).toBe(hex(text));
  }
  for (const vector of readVectors("rfc5649/kwp_botan.txt").slice(0, 2)) {
    const [cipher, text] = [aes(algebra, vector.bytes("KEY")), constantBytes(vector.bytes("INPUT"))];
    const wrapped = kwpWrapped(algebra, cipher, kwpInput(text));
    expect(hex(wrapped), vector.name).toBe(Buffer.from(vector.bytes("OUTPUT")).toString("hex"));
  }
});

test("RFC 5297 as transcribed is AES-SIV, on the examples in the RFC", () => {
  const algebra = new Algebra();
  const [first, second] = readVectors("rfc5297/openssl.txt");
  for (const [vector, fields] of [
    [first!, ["AAD"]],
    [second!, ["AAD", "AAD2", "AAD3"]],
  ] as const) {
    const key = vector.bytes("KEY");
    const [mac, counting] = [key.subarray(0, key.length / 2), key.subarray(key.length / 2)].map((half) =>
      aes(algebra, half),
    );
    const text = constantBytes(vector.bytes("PLAINTEXT"));
    const components = fields.map((field) => constantBytes(vector.bytes(field)));
    const v = known(s2v(algebra, mac!, components, text));
    expect(v.toString("hex"), vector.name).toBe(Buffer.from(vector.bytes("TAG")).toString("hex"));
    const ciphertext = ctr(algebra, counting!, counterOfV(v), text).text;
    expect(hex(ciphertext), vector.name).toBe(Buffer.from(vector.bytes("CIPHERTEXT")).toString("hex"));
  }
});

test("RFC 8452 as transcribed is AES-GCM-SIV, on an example of its Appendix C.1", () => {
  const algebra = new Algebra();
  const nonce = Uint8Array.from([3, ...Array(11).fill(0)]);
  const key = Uint8Array.from([1, ...Array(15).fill(0)]);
  const keys = deriveKeys(algebra, aes(algebra, key), 16, nonce);
  const text = constantBytes([2, ...Array(7).fill(0)]);
  const aad = constantBytes([1]);
  const hash = new Ghash(algebra, keys.hash, blockByBlock);
  const polyval = [reversedBlocks(aad), reversedBlocks(text), lengthBlock(1, 8).toReversed()].reduce<readonly Byte[]>(
    (state, part) => hash.update(state, part),
    constantBytes(new Uint8Array(16)),
  );
  const tag = tagOf(algebra, keys.cipher, polyval.toReversed(), nonce);
  expect(hex([...keystreamed(algebra, keys.cipher, tag, text), ...tag])).toBe(
    "1e6daba35669f4273b0a1a2560969cdf790d99759abd1508",
  );
});
