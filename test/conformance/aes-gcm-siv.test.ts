import { readFileSync } from "node:fs";
import { aesGcmSiv } from "lanelock";
import { expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { readWycheproof } from "./wycheproof.ts";

interface Case {
  readonly comment: string;
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly sealed: Uint8Array;
}

/** The bytes of a field: hexadecimal, or text in quotes. */
function bytesOf(line: string | undefined): Buffer {
  const [, text, hex] = /^\w+:\s*(?:"(.*)"|([0-9a-f]*))$/.exec(line ?? "") ?? [];
  if (text === undefined && hex === undefined) throw new Error(`This line is not understood: ${line}`);
  return text === undefined ? Buffer.from(hex ?? "", "hex") : Buffer.from(text);
}

/** The cases of a file of BoringSSL's: `NAME: value` lines, a blank line between cases, and comments. */
function read(name: string): Case[] {
  const file = readFileSync(new URL(`../vectors/rfc8452/${name}.txt`, import.meta.url), "latin1");
  let comment = "";
  const cases: Case[] = [];
  for (const paragraph of file.split(/\n\n+/)) {
    const lines = paragraph.split("\n");
    comment = lines.filter((line) => line.startsWith("#")).at(-1) ?? comment;
    if (!lines.some((line) => line.startsWith("KEY:"))) continue;
    const bytes = (field: string) => bytesOf(lines.find((line) => line.startsWith(`${field}:`)));
    const sealed = Buffer.concat([bytes("CT"), bytes("TAG")]);
    const [key, nonce, aad, plaintext] = [bytes("KEY"), bytes("NONCE"), bytes("AD"), bytes("IN")];
    cases.push({ comment, key, nonce, aad, plaintext, sealed });
  }
  return cases;
}

test.each([
  { name: "aes-128-gcm-siv", counts: { "section-8": 1, "appendix-C": 16, reference: 64, wrapping: 0 } },
  { name: "aes-256-gcm-siv", counts: { "section-8": 0, "appendix-C": 16, reference: 64, wrapping: 2 } },
])("$name passes the examples of RFC 8452's drafts, and the counters that wrap (appendix C.3)", ({ name, counts }) => {
  const cases = read(name);
  const count = (text: string) => cases.filter(({ comment }) => comment.includes(text)).length;
  expect(Object.fromEntries(Object.keys(counts).map((text) => [text, count(text)]))).toEqual(counts);
  for (const [index, { comment, key, nonce, aad, plaintext, sealed }] of cases.entries()) {
    using aead = aesGcmSiv(key);
    expectBytes(aead.seal(nonce, plaintext, { aad }), sealed, `${comment} ${index}`);
    expectBytes(aead.open(nonce, sealed, { aad }), plaintext, `${comment} ${index}`);
  }
});

test("AES-GCM-SIV passes Wycheproof, all of RFC 8452's appendix C.1 and C.2 among it, and modified tags", () => {
  const cases = readWycheproof("aes_gcm_siv");
  expect(cases.filter(({ valid }) => valid)).toHaveLength(88);
  // Draft 09 has the examples of the RFC: 24 for each length of key, and the two counters that wrap.
  const published = cases.filter(({ name }) => name.includes("gcmsiv-09")).map(({ key }) => key.length);
  expect([16, 32].map((length) => published.filter((one) => one === length).length)).toEqual([24, 26]);
  for (const { name, valid, key, iv, aad, msg, sealed } of cases) {
    using aead = aesGcmSiv(key);
    if (valid) {
      expectBytes(aead.seal(iv, msg, { aad }), sealed, name);
      expectBytes(aead.open(iv, sealed, { aad }), msg, name);
    } else {
      refusal("ERR_AUTHENTICATION", () => aead.open(iv, sealed, { aad }), name);
    }
  }
});
