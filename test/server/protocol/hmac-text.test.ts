import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { equalTexts } from "../../../src/server/protocol/equal-texts.ts";
import { hmacText } from "../../../src/server/protocol/hmac-text.ts";

test("HMACs are those of OpenSSL, for keys of every length and texts of every kind", () => {
  const keys = fc.oneof(fc.string({ minLength: 1, maxLength: 130 }), fc.string({ unit: "binary", maxLength: 40 }));
  fc.assert(
    fc.property(keys, fc.string({ unit: "binary", maxLength: 200 }), (key, message) => {
      for (const algorithm of ["sha1", "sha256"] as const) {
        for (const as of ["base64", "hex"] as const) {
          expect(hmacText(algorithm, key, message, as)).toBe(createHmac(algorithm, key).update(message).digest(as));
        }
      }
    }),
    { numRuns: 60, examples: [63, 64, 65].map((length): [string, string] => ["k".repeat(length), "Hi There"]) },
  );
});

/** RFC 2202 §3, test case 2, and RFC 4231 §4.3. */
test("the vectors of the standards", () => {
  const message = "what do ya want for nothing?";
  expect(hmacText("sha1", "Jefe", message, "hex")).toBe("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  expect(hmacText("sha256", "Jefe", message, "hex")).toBe(
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
});

test("texts are equal when every character is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
      expect(equalTexts(a, b)).toBe(a === b);
      expect(equalTexts(a, `${a}`)).toBe(true);
      expect(equalTexts(`${a}x`, `${a}y`)).toBe(false);
    }),
  );
});
