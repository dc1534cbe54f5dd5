import { aesCfb, aesOfb, sm4Cfb, sm4Ofb } from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { readVectors, type VectorCase } from "./response-file.ts";

// NIST CAVP (AESAVS), SP 800-38A and draft-ribose-cfrg-sm4-10. Each case is run in both directions.

const kinds = ["GFSbox", "KeySbox", "VarKey", "VarTxt", "MMT"];
const keyBits = [128, 192, 256];

type Create = typeof aesCfb | typeof aesOfb;

function check(create: Create, vector: VectorCase): void {
  using cipher = create(vector.bytes("KEY"));
  const [iv, plaintext, ciphertext] = [vector.bytes("IV"), vector.bytes("PLAINTEXT"), vector.bytes("CIPHERTEXT")];
  expect(cipher.encrypt(iv, plaintext), vector.name).toEqual(ciphertext);
  expect(cipher.decrypt(iv, ciphertext), vector.name).toEqual(plaintext);
}

test.each([
  ["CFB128", aesCfb],
  ["OFB", aesOfb],
])("AES-%s passes all 2,138 CAVP cases", (mode, create) => {
  let cases = 0;
  for (const kind of kinds) {
    for (const bits of keyBits) {
      const vectors = readVectors(`nist-cavp/${mode}${kind}${bits}.rsp`);
      for (const vector of vectors) {
        expect(vector.bytes("KEY").length * 8, vector.name).toBe(bits);
        check(create, vector);
      }
      cases += vectors.length;
    }
  }
  expect(cases).toBe(2138);
});

test.each([
  ["sp800-38a/cfb128.txt", aesCfb, 3],
  ["sp800-38a/ofb.txt", aesOfb, 3],
  ["sm4/draft-ribose-cfrg-sm4-10-cfb.txt", sm4Cfb, 2],
  ["sm4/draft-ribose-cfrg-sm4-10-ofb.txt", sm4Ofb, 2],
])("%s passes", (file, create, count) => {
  const vectors = readVectors(file);
  expect(vectors).toHaveLength(count);
  for (const vector of vectors) check(create, vector);
});
