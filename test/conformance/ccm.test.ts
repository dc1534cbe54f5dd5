import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { aesCcm, sm4Ccm } from "lanelock";
import { expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import type { CcmTagLength } from "../reference/message-aeads.ts";
import { readVectors, type VectorCase } from "./response-file.ts";
import { readWycheproof } from "./wycheproof.ts";

/** The additional data of a case that repeats it. */
function aadOf(vector: VectorCase): Uint8Array {
  return Buffer.concat(Array(vector.number("REPEAT")).fill(vector.bytes("AAD")));
}

test.each([
  { path: "sp800-38c/ccm.txt", ccm: aesCcm, count: 4 },
  { path: "rfc3610/ccm.txt", ccm: aesCcm, count: 24 },
  { path: "sm4/rfc8998-ccm.txt", ccm: sm4Ccm, count: 1 },
])("CCM passes $path", ({ path, ccm, count }) => {
  const vectors = readVectors(path);
  expect(vectors).toHaveLength(count);
  for (const vector of vectors) {
    const [nonce, plaintext, sealed] = [vector.bytes("NONCE"), vector.bytes("PT"), vector.bytes("CT")];
    const tagLength = (sealed.length - plaintext.length) as CcmTagLength;
    using aead = ccm(vector.bytes("KEY"), { tagLength });
    expectBytes(aead.seal(nonce, plaintext, { aad: aadOf(vector) }), sealed, vector.name);
    expectBytes(aead.open(nonce, sealed, { aad: aadOf(vector) }), plaintext, vector.name);
  }
});

type Fields = ReadonlyMap<string, string>;

/** The cases of a CAVP file of CCM. A paragraph without a count sets fields for all that follow it. */
function cavp(name: string): Fields[] {
  const file = new URL(`../vectors/nist-cavp/ccm${name}.rsp.gz`, import.meta.url);
  let shared: Fields = new Map();
  const cases: Fields[] = [];
  for (const paragraph of gunzipSync(readFileSync(file))
    .toString("latin1")
    .split(/\r?\n\r?\n/)) {
    if (paragraph.startsWith("#")) continue;
    const found = [...paragraph.matchAll(/(\w+) = (\w+)/g)].map(([, key = "", value = ""]) => [key, value] as const);
    const fields = new Map([...shared, ...found]);
    if (fields.has("Count")) cases.push(fields);
    else shared = fields;
  }
  return cases;
}

function check(fields: Fields, label: string): "passed" | "refused" {
  const number = (name: string) => Number(fields.get(name));
  const bytes = (name: string, length?: number) => Buffer.from(fields.get(name) ?? "?", "hex").subarray(0, length);
  const [nonce, aad, sealed] = [bytes("Nonce"), bytes("Adata", number("Alen")), bytes("CT")];
  using aead = aesCcm(bytes("Key"), { tagLength: number("Tlen") as CcmTagLength });
  expect([nonce.length, sealed.length], label).toEqual([number("Nlen"), number("Plen") + number("Tlen")]);
  if (fields.get("Result") === "Fail") {
    refusal("ERR_AUTHENTICATION", () => aead.open(nonce, sealed, { aad }), label);
    return "refused";
  }
  const payload = bytes("Payload", number("Plen"));
  expectBytes(aead.seal(nonce, payload, { aad }), sealed, label);
  expectBytes(aead.open(nonce, sealed, { aad }), payload, label);
  return "passed";
}

test("AES-CCM passes all CAVP cases, forgeries among them", () => {
  const seen = { passed: 0, refused: 0 };
  for (const kind of ["VNT", "VPT", "VADT", "VTT", "DVPT"]) {
    for (const bits of [128, 192, 256]) {
      for (const fields of cavp(`${kind}${bits}`)) seen[check(fields, `${kind}${bits} ${fields.get("Count")}`)] += 1;
    }
  }
  expect(seen).toEqual({ passed: 2400, refused: 480 });
});

test("AES-CCM passes Wycheproof; its lengths of nonce and tag that are none are refused", () => {
  const cases = readWycheproof("aes_ccm");
  expect(cases.filter(({ valid }) => valid)).toHaveLength(366);
  for (const { name, valid, flags, key, iv, aad, msg, sealed, tagLength } of cases) {
    if (flags.includes("InvalidTagSize")) {
      refusal("ERR_ARGUMENT", () => aesCcm(key, { tagLength: tagLength as CcmTagLength }), name);
      continue;
    }
    using aead = aesCcm(key, { tagLength: tagLength as CcmTagLength });
    if (valid) {
      expectBytes(aead.seal(iv, msg, { aad }), sealed, name);
      expectBytes(aead.open(iv, sealed, { aad }), msg, name);
    } else if (flags.includes("InvalidNonceSize") || iv.length > 13) {
      refusal("ERR_NONCE", () => aead.open(iv, sealed, { aad }), name);
    } else {
      refusal("ERR_AUTHENTICATION", () => aead.open(iv, sealed, { aad }), name);
    }
  }
});
