import { afterEach, expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";
import { expectScratchWiped } from "../contract/wiping.ts";
import { aeads, blockModes } from "../reference/ciphers.ts";
import { notBytes, unusableBytes } from "./hostile-values.ts";

afterEach(expectScratchWiped);

const constructors = [...aeads, ...blockModes];

test.each(constructors)("$name refuses a key of a wrong length and names the right ones", ({ cipher, create }) => {
  const right = cipher === "aes" ? [16, 24, 32] : [16];
  for (const length of [0, 1, 8, 15, 16, 17, 23, 24, 25, 31, 32, 33, 48, 64, 128, 100_000]) {
    if (right.includes(length)) continue;
    const { message } = refusal("ERR_KEY", () => create(new Uint8Array(length)), `${length} bytes`);
    for (const expected of right) expect(message).toMatch(new RegExp(`\\b${expected}\\b`));
    expect(message).toMatch(new RegExp(`\\b${length}\\b`));
  }
});

test.each(constructors)("$name refuses a key that is not a byte array", ({ create }) => {
  for (const [label, value] of Object.entries(notBytes)) {
    expect(refusal("ERR_KEY", () => create(value as Uint8Array), label).message).toContain("Uint8Array");
  }
});

test.each(constructors)("$name refuses a key in a buffer that cannot be read safely", ({ keyLength, create }) => {
  for (const [label, make] of Object.entries(unusableBytes)) {
    refusal("ERR_BUFFER", () => create(make(keyLength)), label);
  }
});

test.each(constructors)("$name: no error message holds a byte of the key", ({ create }) => {
  const key = new Uint8Array(19).fill(0xc7);
  expect(refusal("ERR_KEY", () => create(key)).message).not.toMatch(/c7|199/);
});
