import { aeskw, aeskwp, cmac as nobleCmac } from "@noble/ciphers/aes.js";
import { expect, test } from "vitest";
import { expectBytes } from "../reference/expect-bytes.ts";
import { keyWraps, wrapsLength } from "../reference/key-wraps.ts";
import { macs } from "../reference/macs.ts";
import { seeded } from "../reference/seeded.ts";

const longest = 1040;

test.each(macs)(`$name equals OpenSSL's blocks and noble at every length from 0 to ${longest} bytes`, (one) => {
  const { name, cipher, keyLength, create, expected } = one;
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
