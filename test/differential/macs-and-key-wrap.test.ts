import { execFileSync } from "node:child_process";
import { aeskw, aeskwp, cmac as nobleCmac } from "@noble/ciphers/aes.js";
import { describe, expect, test } from "vitest";
import { expectBytes } from "../reference/expect-bytes.ts";
import { keyWraps, wrapsLength } from "../reference/key-wraps.ts";
import { macs } from "../reference/macs.ts";
import { seeded } from "../reference/seeded.ts";

const longest = 1040;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe.each(macs)("$name", ({ name, cipher, keyLength, create, expected }) => {
  test(`equals OpenSSL's blocks and noble at every length from 0 to ${longest} bytes`, () => {
    const random = seeded(`every length ${name}`);
    const key = random.bytes(keyLength);
    using mac = create(key);
    for (let length = 0; length <= longest; length += 1) {
      const message = random.bytes(length);
      const tag = expected(key, message);
      expectBytes(mac.mac(message), tag, `${length} bytes`);
      expect(mac.verify(message, tag)).toBe(true);
      if (cipher === "aes") expectBytes(nobleCmac(message, key), tag, `noble, ${length} bytes`);
    }
  });

  test("equals the command of OpenSSL", () => {
    const random = seeded(`openssl ${name}`);
    const key = random.bytes(keyLength);
    using mac = create(key);
    const block = cipher === "aes" ? `AES-${8 * keyLength}-CBC` : "SM4-CBC";
    const options = ["-cipher", block, "-macopt", `hexkey:${hex(key)}`, "-in", "-", "CMAC"];
    for (const length of [0, 1, 16, 33, 4096, 100_001]) {
      const message = random.bytes(length);
      const printed = execFileSync("openssl", ["mac", ...options], { input: message, encoding: "utf8" });
      expect(hex(mac.mac(message)), `${length} bytes`).toBe(printed.trim().toLowerCase());
    }
  });
});

test.each(keyWraps)(`$name equals OpenSSL and noble at every length up to ${longest} bytes`, (wrap) => {
  const random = seeded(`every length ${wrap.name}`);
  const key = random.bytes(wrap.keyLength);
  using cipher = wrap.create(key);
  let count = 0;
  for (let length = 1; length <= longest; length += 1) {
    if (!wrapsLength(wrap, length)) continue;
    const material = random.bytes(length);
    const wrapped = wrap.expected(key, material);
    expectBytes(cipher.wrap(material), wrapped, `wrap ${length}`);
    expectBytes(cipher.unwrap(wrapped), material, `unwrap ${length}`);
    if (length <= 100) expectBytes((wrap.padded ? aeskwp : aeskw)(key).encrypt(material), wrapped, `noble, ${length}`);
    count += 1;
  }
  expect(count).toBe(wrap.padded ? longest : longest / 8 - 1);
});
