import { generateKeyPairSync, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { decodePem, encodePem } from "../../src/shared/pem.ts";

test("PEM is what node:crypto writes, and reads back", () => {
  for (let modulusLength = 1024; modulusLength < 1048; modulusLength += 8) {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength });
    const der = new Uint8Array(publicKey.export({ format: "der", type: "spki" }));
    const pem = publicKey.export({ format: "pem", type: "spki" });
    expect(encodePem("PUBLIC KEY", der)).toBe(pem);
    expect(decodePem("PUBLIC KEY", String(pem))).toEqual(der);
    expect(decodePem("PUBLIC KEY", `\r\n${String(pem).replaceAll("\n", "\r\n")}  \n`)).toEqual(der);
  }
});

test.each([
  ["nothing", ""],
  ["another label", encodePem("PRIVATE KEY", randomBytes(9))],
  ["two blocks", encodePem("PUBLIC KEY", randomBytes(9)).repeat(2)],
  ["text around it", `Key: ${encodePem("PUBLIC KEY", randomBytes(9))}`],
  ["labels that differ", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
  ["Base64 of a wrong length", "-----BEGIN PUBLIC KEY-----\nAAAAA\n-----END PUBLIC KEY-----\n"],
  ["padding in the middle", "-----BEGIN PUBLIC KEY-----\nAA=A\n-----END PUBLIC KEY-----\n"],
  ["a megabyte without an end", `-----BEGIN PUBLIC KEY-----\n${"A".repeat(1_000_000)}`],
])("%s is refused", (_, pem) => {
  expect(() => decodePem("PUBLIC KEY", pem)).toThrow(expect.objectContaining({ code: "ERR_KEY" }));
});
