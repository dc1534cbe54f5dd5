import { aesGcm } from "lanelock";
import { expect, test } from "vitest";
import type { TagLength } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { readVectors, type VectorCase } from "./response-file.ts";

// NIST CAVP, GCM: IVs of 8, 96 and 1,024 bits; tags of 32, 64, 96, 104, 112, 120 and 128 bits; forged tags.

interface Seen {
  cases: number;
  forgeries: number;
  readonly nonceLengths: Set<number>;
  readonly tagLengths: Set<number>;
}

function check(vector: VectorCase, seen: Seen): void {
  const [nonce, aad, tag] = [vector.bytes("IV"), vector.bytes("AAD"), vector.bytes("TAG")];
  using aead = aesGcm(vector.bytes("KEY"), { tagLength: tag.length as TagLength });
  const sealed = Uint8Array.from([...vector.bytes("CT"), ...tag]);
  seen.cases += 1;
  seen.nonceLengths.add(nonce.length);
  seen.tagLengths.add(tag.length);
  if (vector.fails) {
    seen.forgeries += 1;
    expect(() => aead.open(nonce, sealed, { aad }), vector.name).toThrow(
      expect.objectContaining({ code: "ERR_AUTHENTICATION" }),
    );
    return;
  }
  const plaintext = vector.bytes("PT");
  expectBytes(aead.seal(nonce, plaintext, { aad }), sealed, vector.name);
  expectBytes(aead.open(nonce, sealed, { aad }), plaintext, vector.name);
}

test.each([
  ["gcmEncryptExtIV128", 0],
  ["gcmEncryptExtIV192", 0],
  ["gcmEncryptExtIV256", 0],
  ["gcmDecrypt128", 4011],
  ["gcmDecrypt192", 3978],
  ["gcmDecrypt256", 3919],
])("AES-GCM passes the 7,875 CAVP cases of %s, %i of them forgeries", (file, forgeries) => {
  const seen: Seen = { cases: 0, forgeries: 0, nonceLengths: new Set(), tagLengths: new Set() };
  for (const vector of readVectors(`nist-cavp/${file}.rsp`)) check(vector, seen);
  expect(seen).toEqual({
    cases: 7875,
    forgeries,
    nonceLengths: new Set([1, 12, 128]),
    tagLengths: new Set([4, 8, 12, 13, 14, 15, 16]),
  });
});
