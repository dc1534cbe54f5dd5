import { aesGcm } from "lanelock";
import { expect, test } from "vitest";

test("a message of a list that is no object is named by its place, and nothing is sealed", () => {
  const aead = aesGcm(new Uint8Array(16));
  const good = { nonce: new Uint8Array(12), data: new Uint8Array(3) };
  for (const wrong of [5, "text", true, null, undefined, Symbol("message")]) {
    for (const work of [() => aead.sealMany([good, wrong as never]), () => aead.openMany([good, wrong as never])]) {
      expect(work).toThrow(
        expect.objectContaining({
          code: "ERR_ARGUMENT",
          message: "messages[1]: must be an object with nonce and data",
        }),
      );
    }
  }
});
