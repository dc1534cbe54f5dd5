import { aesKw, aesKwp } from "lanelock/key-wrap";
import { expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";
import { readVectors } from "./response-file.ts";

test.each([
  ["KW", aesKw],
  ["KWP", aesKwp],
])("AES-%s passes all 1,500 CAVP cases, of which 300 are forged", (name, create) => {
  let [cases, forged] = [0, 0];
  for (const bits of [128, 192, 256]) {
    for (const vector of readVectors(`nist-cavp/${name}_AD_${bits}.txt`)) {
      using key = create(vector.bytes("K"));
      const wrapped = vector.bytes("C");
      cases += 1;
      if (vector.fails) {
        refusal("ERR_AUTHENTICATION", () => key.unwrap(wrapped), vector.name);
        forged += 1;
        continue;
      }
      expect(key.unwrap(wrapped), vector.name).toEqual(vector.bytes("P"));
      expect(key.wrap(vector.bytes("P")), vector.name).toEqual(wrapped);
    }
  }
  expect([cases, forged]).toEqual([1500, 300]);
});

test("AES-KW passes RFC 3394", () => {
  const vectors = readVectors("rfc3394/kw.txt");
  expect(vectors).toHaveLength(6);
  for (const vector of vectors) {
    using key = aesKw(vector.bytes("K"));
    expect(key.wrap(vector.bytes("P")), vector.name).toEqual(vector.bytes("C"));
    expect(key.unwrap(vector.bytes("C")), vector.name).toEqual(vector.bytes("P"));
  }
});

test("AES-KWP passes RFC 5649, and what OpenSSL and Botan agree on", () => {
  const vectors = readVectors("rfc5649/kwp_botan.txt");
  expect(vectors.length).toBeGreaterThanOrEqual(20);
  for (const vector of vectors) {
    using key = aesKwp(vector.bytes("KEY"));
    expect(key.wrap(vector.bytes("INPUT")), vector.name).toEqual(vector.bytes("OUTPUT"));
    expect(key.unwrap(vector.bytes("OUTPUT")), vector.name).toEqual(vector.bytes("INPUT"));
  }
});
