import { expect, test } from "vitest";
import { decodeBase64, encodeBase64 } from "../../src/shared/constant-time-base64.ts";

const ascii = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));

// RFC 4648 §10.
test.each([
  ["", ""],
  ["f", "Zg=="],
  ["fo", "Zm8="],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg=="],
  ["fooba", "Zm9vYmE="],
  ["foobar", "Zm9vYmFy"],
])("the Base64 of %o is %o", (plain, encoded) => {
  expect(Buffer.from(encodeBase64(ascii(plain))).toString("latin1")).toBe(encoded);
  if (plain !== "") expect(decodeBase64(ascii(encoded))).toEqual(ascii(plain));
});

test("every byte in every place is coded as Node codes it", () => {
  for (let place = 0; place < 3; place++) {
    for (let value = 0; value < 256; value++) {
      const bytes = Uint8Array.of(7, 200, 99, 250).fill(value, place, place + 1);
      const text = ascii(Buffer.from(bytes).toString("base64"));
      expect(encodeBase64(bytes), `${value} in place ${place}`).toEqual(text);
      expect(decodeBase64(text), `${value} in place ${place}`).toEqual(bytes);
    }
  }
});

test("of every character, those of RFC 4648 alone are taken, in every place", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (let place = 0; place < 8; place++) {
    for (let code = 0; code < 256; code++) {
      const text = ascii("QUJDREVG").fill(code, place, place + 1);
      const isPadding = code === 61 && place === 7;
      const taken = alphabet.includes(String.fromCharCode(code)) || isPadding;
      expect(decodeBase64(text) !== undefined, `${code} in place ${place}`).toBe(taken);
    }
  }
});

test.each(["", "A", "QQ", "QUI", "QUJDR", "====", "Q===", "QQ=A", "Q=Q=", "QQ==QUJD", "QUJD=", " UJD", "QUJD\n"])(
  "%o is not the Base64 of anything",
  (text) => {
    expect(decodeBase64(ascii(text))).toBeUndefined();
  },
);
