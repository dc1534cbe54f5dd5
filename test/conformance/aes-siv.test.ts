import { aesSiv } from "lanelock";
import { expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { readVectors } from "./response-file.ts";
import { readWycheproof } from "./wycheproof.ts";

test("AES-SIV passes RFC 5297, appendix A.1 and A.2, and OpenSSL's cases of longer keys", () => {
  const vectors = readVectors("rfc5297/openssl.txt");
  expect(vectors.map((vector) => vector.bytes("KEY").length)).toEqual([32, 32, 48, 64]);
  for (const [index, vector] of vectors.entries()) {
    const aad = (index === 1 ? ["AAD", "AAD2", "AAD3"] : ["AAD"]).map((name) => vector.bytes(name));
    const plaintext = vector.bytes("PLAINTEXT");
    const sealed = Buffer.concat([vector.bytes("TAG"), vector.bytes("CIPHERTEXT")]);
    using siv = aesSiv(vector.bytes("KEY"));
    expectBytes(siv.seal(plaintext, { aad }), sealed, vector.name);
    expectBytes(siv.open(sealed, { aad }), plaintext, vector.name);
    if (index !== 1) continue;
    // Appendix A.2 calls the last of them a nonce.
    expectBytes(siv.seal(plaintext, { aad: aad.slice(0, 2), nonce: aad[2]! }), sealed, "with a nonce");
  }
});

test.each([
  { file: "aes_siv_cmac", valid: 118, total: 442 },
  { file: "aead_aes_siv_cmac", valid: 180, total: 828 },
])("AES-SIV passes Wycheproof's $file", ({ file, valid, total }) => {
  const cases = readWycheproof(file);
  expect([cases.filter((one) => one.valid).length, cases.length]).toEqual([valid, total]);
  for (const { name, valid, key, iv, aad, msg, sealed: both } of cases) {
    // The file for AEADs has V as a tag, behind the ciphertext.
    const sealed = iv.length > 0 ? Buffer.concat([both.subarray(-16), both.subarray(0, -16)]) : both;
    const options = { aad: [aad], nonce: iv.length > 0 ? iv : undefined };
    using siv = aesSiv(key);
    if (valid) {
      expectBytes(siv.seal(msg, options), sealed, name);
      expectBytes(siv.open(sealed, options), msg, name);
    } else {
      refusal("ERR_AUTHENTICATION", () => siv.open(sealed, options), name);
    }
  }
});
