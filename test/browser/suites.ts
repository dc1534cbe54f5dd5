import { describe, expect, test } from "vitest";
import "../conformance/aes-ctr.test.ts";
import "../conformance/aes-ecb-cbc.test.ts";
import "../conformance/aes-gcm.test.ts";
import "../conformance/sm4.test.ts";
import { engine } from "../../src/engine/load.ts";
import { aeadContract } from "../contract/aead.ts";
import { blockModeContract } from "../contract/block-mode.ts";
import { aeads, blockModes } from "../reference/ciphers.ts";
import { runRegistered } from "./vitest-in-a-page.ts";

// What the page runs: the published vectors, and the contract suites over every cipher; of AES the longest keys only, unless
// the page's address asks for `long`.

const long = new URLSearchParams(location.search).has("long");
const chosen = <Cipher extends { cipher: string; keyLength: number }>(ciphers: readonly Cipher[]) =>
  ciphers.filter(({ cipher, keyLength }) => long || cipher === "sm4" || keyLength === 32);

for (const aead of chosen(aeads)) aeadContract(aead);
for (const mode of chosen(blockModes)) blockModeContract(mode);

describe("control", () => {
  test("a wrong byte fails a test", () => {
    expect(Uint8Array.of(1, 2)).toEqual(Uint8Array.of(1, 3));
  });
});

Object.assign(globalThis, { runSuites: runRegistered, build: () => engine().build });
