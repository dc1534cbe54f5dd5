import { aesCbc, aesEcb } from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { readVectors, type VectorCase } from "./response-file.ts";

// NIST CAVP (AESAVS): known answer tests and multi-block messages. Each case is run in both directions.

const kinds = ["GFSbox", "KeySbox", "VarKey", "VarTxt", "MMT"];
const keyBits = [128, 192, 256];

function checkEcb(vector: VectorCase): void {
  using ecb = aesEcb(vector.bytes("KEY"), { padding: "none" });
  const [plaintext, ciphertext] = [vector.bytes("PLAINTEXT"), vector.bytes("CIPHERTEXT")];
  expect(ecb.encrypt(plaintext), vector.name).toEqual(ciphertext);
  expect(ecb.decrypt(ciphertext), vector.name).toEqual(plaintext);
}

function checkCbc(vector: VectorCase): void {
  using cbc = aesCbc(vector.bytes("KEY"), { padding: "none" });
  const [plaintext, ciphertext] = [vector.bytes("PLAINTEXT"), vector.bytes("CIPHERTEXT")];
  expect(cbc.encrypt(vector.bytes("IV"), plaintext), vector.name).toEqual(ciphertext);
  expect(cbc.decrypt(vector.bytes("IV"), ciphertext), vector.name).toEqual(plaintext);
}

test.each([
  ["ECB", checkEcb],
  ["CBC", checkCbc],
])("AES-%s passes all 2,138 CAVP cases", (mode, check) => {
  let cases = 0;
  for (const kind of kinds) {
    for (const bits of keyBits) {
      const vectors = readVectors(`nist-cavp/${mode}${kind}${bits}.rsp`);
      for (const vector of vectors) {
        expect(vector.bytes("KEY").length * 8, vector.name).toBe(bits);
        check(vector);
      }
      cases += vectors.length;
    }
  }
  expect(cases).toBe(2138);
});
