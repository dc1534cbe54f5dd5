import { aesCtr } from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { readVectors } from "./response-file.ts";

test.each(["rfc3686/aes-128-ctr.txt", "rfc3686/aes-192-ctr.txt", "rfc3686/aes-256-ctr.txt", "sp800-38a/ctr.txt"])(
  "AES-CTR passes %s",
  (file) => {
    const vectors = readVectors(file);
    expect(vectors).toHaveLength(3);
    for (const vector of vectors) {
      using ctr = aesCtr(vector.bytes("KEY"));
      const [counterBlock, plaintext] = [vector.bytes("IV"), vector.bytes("PLAINTEXT")];
      expect(ctr.encrypt(counterBlock, plaintext), vector.name).toEqual(vector.bytes("CIPHERTEXT"));
      expect(ctr.decrypt(counterBlock, vector.bytes("CIPHERTEXT")), vector.name).toEqual(plaintext);
    }
  },
);
