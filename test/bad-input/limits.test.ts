import { aesGcm } from "lanelock";
import { expect, test } from "vitest";
import { checkTextLength } from "../../src/ciphers/gcm/gcm-limits.ts";
import { engine } from "../../src/engine/load.ts";
import { refusal } from "../contract/refusal.ts";

/** 2^39 − 256 bits: what GCM may encrypt under one nonce (SP 800-38D §5.2.1.1). */
const limit = 2 ** 36 - 32;

test("GCM takes 2^36 − 32 bytes under one nonce, and not one more", () => {
  // No JavaScript engine allocates an array of 64 GiB; the check that every path goes through is called itself.
  for (const length of [0, 1, 2 ** 32, limit - 1, limit]) expect(() => checkTextLength(length)).not.toThrow();
  for (const length of [limit + 1, 2 ** 36, 2 ** 53]) {
    expect(refusal("ERR_LIMIT", () => checkTextLength(length)).message).toContain(String(limit));
  }
});

// Many minutes of encrypting zeros: a stream reaches the limit without ever holding the message. Counting has nothing to do
// with the build, so that one Node of those that the long tests run on is enough.
if (process.env.LANELOCK_LONG === "1" && engine().build === "plain") {
  test("a stream of 64 GiB is refused at the byte that crosses the limit", { timeout: 7_200_000 }, () => {
    using aead = aesGcm(new Uint8Array(32));
    const stream = aead.sealStream(new Uint8Array(12));
    const chunk = new Uint8Array(2 ** 26);
    for (let sent = 0; sent + chunk.length <= limit; sent += chunk.length) stream.update(chunk);
    refusal("ERR_LIMIT", () => stream.update(chunk));
    stream.update(chunk.subarray(32));
    refusal("ERR_LIMIT", () => stream.update(chunk.subarray(0, 1)));
    expect(stream.final().length).toBeGreaterThanOrEqual(16);
  });
}
