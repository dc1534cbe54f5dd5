import { type EnvelopeKms, envelope, type MessageOptions } from "lanelock/envelope";
import { describe, expect, test } from "vitest";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { FixedKms } from "./fixed-kms.ts";

// Whole messages, ranges and new headers given up in the middle, wherever they are result. Streams: see streams.test.ts.

const dataKey = new Uint8Array(32).fill(3);
const wrappedKey = new Uint8Array(96).fill(9);
const plaintext = seeded("abort").bytes(6 * 2 ** 20 + 17);
const reason = new Error("no longer wanted");

const targets = [
  ["node:crypto", "Aliyun_AES_256", { backend: "native", workers: 1 }],
  ["node:crypto on threads", "Aliyun_AES_256", { backend: "native", workers: 2 }],
  ["the engine", "Aliyun_SM4", { workers: 1 }],
  ["the engine on threads", "Aliyun_SM4", { workers: 2 }],
] as const;

describe.each(targets)("by %s", (_, keySpec, options) => {
  test("aborted in the middle: the reason, nothing more is result, and the next message is done", async () => {
    await using files = envelope(new FixedKms(dataKey, wrappedKey, keySpec), { keyId: "key-fixed", ...options });
    const message = await files.seal(plaintext);
    const uses: Record<string, (use: MessageOptions) => Promise<Uint8Array>> = {
      seal: (use) => files.seal(plaintext, use),
      open: (use) => files.open(message, use),
      openRange: (use) => files.openRange(message, 5, plaintext.length - 5, use),
    };
    for (const [name, use] of Object.entries(uses)) {
      const abort = new AbortController();
      const seen: number[] = [];
      const onProgress = ({ bytes }: { bytes: number }) => {
        seen.push(bytes);
        if (bytes > 2 ** 21) abort.abort(reason);
      };
      await expect(use({ signal: abort.signal, onProgress }), name).rejects.toBe(reason);
      const done = seen.at(-1) ?? 0;
      expect(done, name).toBeGreaterThan(2 ** 21);
      expect(done, name).toBeLessThan(plaintext.length - 2 ** 20);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(seen.at(-1), name).toBe(done);
      expectBytes(await files.open(message), plaintext, `after ${name}`);
    }
  });
});

const kms = new FixedKms(dataKey, wrappedKey);
const message = await envelope(kms, { keyId: "key-fixed" }).seal(plaintext);
const never = () => new Promise<never>(() => {});

/** What the call gives when it is aborted while it waits for something that does not come. */
async function abandoned(call: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
  const abort = new AbortController();
  const calling = call(abort.signal);
  calling.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  abort.abort(reason);
  return calling.catch((error) => error);
}

test("a caller that gives up is not held by a KMS that does not answer", async () => {
  const silent: EnvelopeKms = { describeKey: never, generateDataKey: never, decrypt: never, reEncrypt: never };
  for (const cache of [true, false]) {
    const files = envelope(silent, { keyId: "key-fixed", cache });
    expect(await abandoned((signal) => files.seal(plaintext, { signal }))).toBe(reason);
    expect(await abandoned((signal) => files.open(message, { signal }))).toBe(reason);
    expect(await abandoned((signal) => files.openRange(message, 0, 5, { signal }))).toBe(reason);
    expect(await abandoned((signal) => files.rewrap(message, { keyId: "key-b", signal }))).toBe(reason);
  }
});

test("with a KMS that ignores signals, an aborted call does not begin", async () => {
  const asked: string[] = [];
  const deaf: EnvelopeKms = {
    describeKey: () => kms.describeKey(),
    generateDataKey: () => kms.generateDataKey(),
    decrypt: (request) => kms.decrypt(request),
    reEncrypt: async () => {
      asked.push("reEncrypt");
      return { keyId: "key-fixed", ciphertextBlob: wrappedKey };
    },
  };
  const signal = AbortSignal.abort(reason);
  await expect(envelope(deaf).rewrap(message, { keyId: "key-b", signal })).rejects.toBe(reason);
  expect(asked).toEqual([]);
});

test("nor where the data key is in the cache and nothing has to be waited for", async () => {
  const counting = new FixedKms(dataKey, wrappedKey);
  await using files = envelope(counting, { keyId: "key-fixed", cache: { maxMessages: 2 }, backend: "wasm" });
  const short = await files.seal(plaintext.subarray(0, 100));
  await files.open(short);
  const seen: number[] = [];
  const aborted = { signal: AbortSignal.abort(reason), onProgress: ({ bytes }: { bytes: number }) => seen.push(bytes) };
  await expect(files.seal(plaintext.subarray(0, 100), aborted)).rejects.toBe(reason);
  await expect(files.open(short, aborted)).rejects.toBe(reason);
  expect(seen).toEqual([]);
  // Nor does it count as a message under its data key.
  expectBytes(
    await files.open(await files.seal(plaintext.subarray(0, 100))),
    plaintext.subarray(0, 100),
    "the next one",
  );
  expect(counting.calls).toEqual(["describeKey", "generateDataKey", "decrypt"]);
});

test("a caller that gives up is not held by a source that does not answer", async () => {
  const files = envelope(kms);
  const size = message.length;
  for (const source of [
    { stat: never, read: never },
    { stat: async () => ({ size }), read: never },
  ]) {
    expect(await abandoned((signal) => files.openRange(source as never, 0, 5, { signal }))).toBe(reason);
  }
});
