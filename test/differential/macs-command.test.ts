import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { macs } from "../reference/macs.ts";
import { seeded } from "../reference/seeded.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test.each(macs)("$name equals the command of OpenSSL", ({ name, cipher, keyLength, create }) => {
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
