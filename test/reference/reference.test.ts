import { expect, test } from "vitest";
import { readVectors } from "../conformance/response-file.ts";
import { nonceFinder } from "./chosen-counter.ts";
import { gcm, hashKey, preCounterBlock } from "./gcm.ts";
import { inverse, multiply } from "./gf128.ts";
import { ghash } from "./ghash.ts";
import { opensslAesGcm, type SealInput } from "./openssl-modes.ts";
import { node26Sm4Gcm } from "./other-nodes.ts";
import { seeded } from "./seeded.ts";

function randomInputs(count: number, keyLengths: readonly [number, ...number[]]): SealInput[] {
  const random = seeded("the reference GCM");
  return Array.from({ length: count }, () => ({
    key: random.bytes(random.pick(keyLengths)),
    nonce: random.bytes(random.pick([1, 8, 12, 13, 16, 128])),
    plaintext: random.bytes(random.integer(0, 200)),
    aad: random.bytes(random.integer(0, 50)),
    tagLength: random.pick([4, 8, 12, 13, 14, 15, 16]),
  }));
}

test("the reference GCM over AES equals OpenSSL's AES-GCM", () => {
  for (const input of randomInputs(300, [16, 24, 32])) expect(gcm("aes")(input)).toEqual(opensslAesGcm(input));
});

test("the reference GCM over SM4 equals Node 26's sm4-gcm and RFC 8998", () => {
  const inputs = randomInputs(300, [16]);
  expect(inputs.map(gcm("sm4"))).toEqual(node26Sm4Gcm(inputs));
  for (const vector of readVectors("sm4/rfc8998.txt")) {
    const [key, nonce, aad] = [vector.bytes("KEY"), vector.bytes("IV"), vector.bytes("AAD")];
    const sealed = [...vector.bytes("CIPHERTEXT"), ...vector.bytes("TAG")];
    expect([...gcm("sm4")({ key, nonce, aad, plaintext: vector.bytes("PLAINTEXT") })]).toEqual(sealed);
  }
});

test("an inverse times its element is one, and a nonce can be found for any counter block", () => {
  const random = seeded("inverses");
  for (let round = 0; round < 20; round++) {
    const element = BigInt(`0x${Buffer.from(random.bytes(16)).toString("hex")}`);
    expect(multiply(element, inverse(element))).toBe(1n << 127n);
    for (const cipher of ["aes", "sm4"] as const) {
      const key = random.bytes(16);
      const counterBlock = random.bytes(16);
      const nonce = nonceFinder(cipher, key)(counterBlock);
      expect(preCounterBlock(ghash(hashKey(cipher, key)), nonce)).toEqual(counterBlock);
    }
  }
});
