import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aesTables, inverseAesTables, sm4Tables } from "../../tools/derive-nibble-tables.mjs";

/** The numbers of a `memory.data<u8>([…])` in a source of the engine. */
function dataOf(file: string): number[] {
  const source = readFileSync(new URL(`../../assembly/cipher/${file}`, import.meta.url), "utf8");
  const [, list = ""] = /const TABLES = memory\.data<u8>\(\[([^\]]*)\]/.exec(source) ?? [];
  return [...list.replace(/\/\/.*$/gm, "").matchAll(/\b(0x[0-9a-f]+|\d+)\b/g)].map((match) => Number(match[1]));
}

test("the tables of the vector-permute AES are those that its S-box and field imply", () => {
  const derived = aesTables().flat();
  expect(derived.length).toBe(192);
  expect(dataOf("aes-vector-permute.ts").slice(0, 192)).toEqual(derived);
});

test("the tables of the inverse cipher are those that the inverse S-box and InvMixColumns imply", () => {
  const derived = inverseAesTables().flat();
  expect(derived.length).toBe(256);
  expect(dataOf("aes-inverse-vector-permute.ts").slice(0, 256)).toEqual(derived);
});

test("the tables of the vector-permute SM4 are those that its S-box and field imply", () => {
  const derived = sm4Tables().flat();
  expect(derived.length).toBe(224);
  expect(dataOf("sm4-vector-permute.ts").slice(0, 224)).toEqual(derived);
});

test("the k of 2·v is the i of v, by which AES-CBC encryption spares a pair of tables", () => {
  const [once, twice] = [aesTables().slice(8, 10), aesTables().slice(10, 12)];
  expect(once.flat().some((pair) => pair > 0xf)).toBe(true);
  expect(twice.flat().map((pair) => pair & 0xf)).toEqual(once.flat().map((pair) => pair >> 4));
});
