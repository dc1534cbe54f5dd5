import { sm4Gcm } from "lanelock";
import { sm4Cbc, sm4Ctr, sm4Ecb } from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { readVectors } from "./response-file.ts";

test("SM4 passes the examples of GB/T 32907-2016, 1,000,000 encryptions and back among them", () => {
  const vectors = readVectors("sm4/gbt-32907-2016.txt");
  expect(vectors.map((vector) => vector.number("ITERATIONS"))).toEqual([1, 1_000_000, 1_000_000]);
  for (const vector of vectors) {
    using ecb = sm4Ecb(vector.bytes("KEY"), { padding: "none" });
    const block = vector.bytes("PLAINTEXT");
    for (let done = 0; done < vector.number("ITERATIONS"); done++) ecb.encrypt(block, { into: block });
    expect(block, vector.name).toEqual(vector.bytes("CIPHERTEXT"));
  }
});

test("SM4-ECB passes draft-ribose-cfrg-sm4-10", () => {
  const vectors = readVectors("sm4/draft-ribose-cfrg-sm4-10-ecb.txt");
  expect(vectors).toHaveLength(4);
  for (const vector of vectors) {
    using ecb = sm4Ecb(vector.bytes("KEY"), { padding: "none" });
    expect(ecb.encrypt(vector.bytes("PLAINTEXT")), vector.name).toEqual(vector.bytes("CIPHERTEXT"));
    expect(ecb.decrypt(vector.bytes("CIPHERTEXT")), vector.name).toEqual(vector.bytes("PLAINTEXT"));
  }
});

test("SM4-CBC passes draft-ribose-cfrg-sm4-10", () => {
  const vectors = readVectors("sm4/draft-ribose-cfrg-sm4-10-cbc.txt");
  expect(vectors).toHaveLength(2);
  for (const vector of vectors) {
    using cbc = sm4Cbc(vector.bytes("KEY"), { padding: "none" });
    expect(cbc.encrypt(vector.bytes("IV"), vector.bytes("PLAINTEXT")), vector.name).toEqual(vector.bytes("CIPHERTEXT"));
    expect(cbc.decrypt(vector.bytes("IV"), vector.bytes("CIPHERTEXT")), vector.name).toEqual(vector.bytes("PLAINTEXT"));
  }
});

test("SM4-CTR passes draft-ribose-cfrg-sm4-10", () => {
  const vectors = readVectors("sm4/draft-ribose-cfrg-sm4-10-ctr.txt");
  expect(vectors).toHaveLength(2);
  for (const vector of vectors) {
    using ctr = sm4Ctr(vector.bytes("KEY"));
    expect(ctr.encrypt(vector.bytes("IV"), vector.bytes("PLAINTEXT")), vector.name).toEqual(vector.bytes("CIPHERTEXT"));
    expect(ctr.decrypt(vector.bytes("IV"), vector.bytes("CIPHERTEXT")), vector.name).toEqual(vector.bytes("PLAINTEXT"));
  }
});

test("SM4-GCM passes RFC 8998", () => {
  const vectors = readVectors("sm4/rfc8998.txt");
  expect(vectors).toHaveLength(1);
  for (const vector of vectors) {
    using aead = sm4Gcm(vector.bytes("KEY"));
    const [nonce, aad] = [vector.bytes("IV"), vector.bytes("AAD")];
    const sealed = Uint8Array.from([...vector.bytes("CIPHERTEXT"), ...vector.bytes("TAG")]);
    expect(aead.seal(nonce, vector.bytes("PLAINTEXT"), { aad })).toEqual(sealed);
    expect(aead.open(nonce, sealed, { aad })).toEqual(vector.bytes("PLAINTEXT"));
  }
});
