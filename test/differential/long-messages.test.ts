import { test } from "vitest";
import { aeads, blockModes, takesLength } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { type Seeded, seeded } from "../reference/seeded.ts";

const longest = 300_000;
const messages = process.env.LANELOCK_LONG === "1" ? 100 : 6;

/** Random lengths of every magnitude, and one at each end of a power of two, where buffers tend to end. */
function lengths(random: Seeded): number[] {
  const powers = [4096, 16_384, 65_536, 131_072, 262_144].map((power) => power + random.integer(-17, 17));
  const any = Array.from({ length: messages }, () => random.integer(1041, longest));
  return [...powers, ...any, longest];
}

for (const mode of blockModes) {
  test(`${mode.name} equals OpenSSL at random lengths up to ${longest} bytes (${messages + 6} messages)`, () => {
    const random = seeded(`long ${mode.name}`);
    for (const any of lengths(random)) {
      const length = takesLength(mode, any) ? any : any - (any % 16);
      const [key, iv, data] = [random.bytes(mode.keyLength), random.bytes(16), random.bytes(length)];
      using cipher = mode.create(key);
      const encrypted = mode.expected({ key, iv, data });
      expectBytes(cipher.encrypt(iv, data), encrypted, `encrypt ${length}`);
      expectBytes(cipher.decrypt(iv, encrypted), data, `decrypt ${length}`);
    }
  });
}

for (const aead of aeads) {
  test(`${aead.name} equals the reference at random lengths up to ${longest} bytes (${messages + 6} messages)`, () => {
    const random = seeded(`long ${aead.name}`);
    for (const length of lengths(random)) {
      const [key, nonce, plaintext] = [random.bytes(aead.keyLength), random.bytes(12), random.bytes(length)];
      const aad = random.bytes(random.pick([0, 20, 5000, 70_000]));
      using cipher = aead.create(key);
      const sealed = aead.expected({ key, nonce, plaintext, aad });
      expectBytes(cipher.seal(nonce, plaintext, { aad }), sealed, `seal ${length}, AAD ${aad.length}`);
      expectBytes(cipher.open(nonce, sealed, { aad }), plaintext, `open ${length}, AAD ${aad.length}`);
    }
  });
}
