import { shake128 } from "@noble/hashes/sha3.js";
import { xaes256Gcm } from "lanelock";
import { expect, test } from "vitest";
import { expectBytes } from "../reference/expect-bytes.ts";
import { readVectors } from "./response-file.ts";

test("XAES-256-GCM passes the vectors of C2SP", () => {
  const vectors = readVectors("c2sp/xaes-256-gcm.txt");
  expect(vectors).toHaveLength(2);
  for (const vector of vectors) {
    const [nonce, aad, plaintext] = [vector.bytes("NONCE"), vector.bytes("AAD"), vector.bytes("PT")];
    using aead = xaes256Gcm(vector.bytes("KEY"));
    expectBytes(aead.seal(nonce, plaintext, { aad }), vector.bytes("CT"), vector.name);
    expectBytes(aead.open(nonce, vector.bytes("CT"), { aad }), plaintext, vector.name);
  }
});

const long = process.env.LANELOCK_LONG === "1";

/** Rounds and their hash, from the same document ("Accumulated randomized tests"). */
const [rounds, hash] = long
  ? [1_000_000, "2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15"]
  : [10_000, "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"];

test(`XAES-256-GCM passes ${rounds} accumulated random messages of C2SP`, () => {
  const random = shake128.create({});
  const all = shake128.create({ dkLen: 32 });
  const sized = () => random.xof(random.xof(1)[0] ?? 0);
  for (let round = 0; round < rounds; round++) {
    const [key, nonce] = [random.xof(32), random.xof(24)];
    const [plaintext, aad] = [sized(), sized()];
    using aead = xaes256Gcm(key);
    const sealed = aead.seal(nonce, plaintext, { aad });
    all.update(sealed);
    if (round % 100 === 0) expectBytes(aead.open(nonce, sealed, { aad }), plaintext, `round ${round}`);
  }
  expect(Buffer.from(all.digest()).toString("hex")).toBe(hash);
});
