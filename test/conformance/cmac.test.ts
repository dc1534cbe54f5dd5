import { aesCmac } from "lanelock/mac";
import { expect, test } from "vitest";
import { readVectors } from "./response-file.ts";

test.each([128, 192, 256])("AES-%i-CMAC passes SP 800-38B, and RFC 4493 with it", (bits) => {
  const vectors = readVectors(`sp800-38b/nist-800-38b-aes${bits}.txt`);
  expect(vectors).toHaveLength(4);
  for (const vector of vectors) {
    expect(vector.bytes("KEY").length * 8).toBe(bits);
    using cmac = aesCmac(vector.bytes("KEY"));
    const [message, tag] = [vector.bytes("MESSAGE"), vector.bytes("OUTPUT")];
    expect(cmac.mac(message), vector.name).toEqual(tag);
    expect(cmac.verify(message, tag), vector.name).toBe(true);
  }
});
