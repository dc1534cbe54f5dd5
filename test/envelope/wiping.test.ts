import { envelope } from "lanelock/envelope";
import { afterEach, describe, expect, test, vi } from "vitest";
import { slotsInUse } from "../../src/engine/slots.ts";
import { DataKeys } from "../../src/envelope/keys/data-keys.ts";
import { EngineSegments } from "../../src/envelope/segments/engine-segments.ts";
import { seeded } from "../reference/seeded.ts";
import { wipedDuring } from "../reference/wiped.ts";
import { collect, streamOf } from "./collect.ts";
import { FixedKms } from "./fixed-kms.ts";

// However a message ends, nothing stays behind: the keys derived for it, the engine's key, copies of its plaintext.

afterEach(() => vi.restoreAllMocks());

const SEGMENT = 4_096;
const kms = new FixedKms(new Uint8Array(32).fill(3), new Uint8Array(96).fill(9));
const files = envelope(kms, { keyId: "key-fixed", segmentSize: SEGMENT, backend: "wasm", workers: 1 });
/** Three batches of the engine. */
const plaintext = seeded("wiping").bytes(2 ** 19 + 77);
const message = await files.seal(plaintext);
const forged = message.slice();
forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

/** Watches the real parts, which go on working. */
function watched() {
  const derived = [vi.spyOn(DataKeys.prototype, "forSealing"), vi.spyOn(DataKeys.prototype, "forOpening")];
  const ciphers = {
    seal: vi.spyOn(EngineSegments.prototype, "seal"),
    open: vi.spyOn(EngineSegments.prototype, "open"),
  };
  const keysOf = async () => {
    const started = await Promise.all(derived.flatMap(({ mock }) => mock.results.map(({ value }) => value)));
    return started.map((start) => start.keys ?? start);
  };
  return { ...ciphers, keysOf };
}

const ending = () => {
  const abort = new AbortController();
  return { signal: abort.signal, onProgress: () => abort.abort(new Error("enough")) };
};
const ends: [string, () => Promise<unknown>, string | undefined][] = [
  ["seal", () => files.seal(plaintext), undefined],
  ["seal, aborted", () => files.seal(plaintext, ending()), "enough"],
  ["open", () => files.open(message), undefined],
  ["open, aborted", () => files.open(message, ending()), "enough"],
  ["open of a forgery", () => files.open(forged), "Not authentic"],
  ["openRange", () => files.openRange(message, 5, 2 ** 19), undefined],
  ["openRange, aborted", () => files.openRange(message, 5, 2 ** 19, ending()), "enough"],
  ["openRange of a forgery", () => files.openRange(forged, 5, 9), "Not authentic"],
  ["openRange outside the message", () => files.openRange(message, plaintext.length, 1), "ask for a range inside it"],
  ["sealStream", () => collect(streamOf([plaintext]).pipeThrough(files.sealStream())), undefined],
  ["sealStream, aborted", () => collect(streamOf([plaintext]).pipeThrough(files.sealStream(ending()))), "enough"],
  ["openStream", () => collect(streamOf([message]).pipeThrough(files.openStream())), undefined],
  ["openStream of a forgery", () => collect(streamOf([forged]).pipeThrough(files.openStream())), "Not authentic"],
];

test.each(ends)("%s: the derived keys are wiped, the engine's key is given back", async (_, run, failure) => {
  const { keysOf } = watched();
  const before = slotsInUse().length;
  if (failure === undefined) await run();
  else await expect(run()).rejects.toThrow(failure);
  const keys = await keysOf();
  expect(keys.length).toBe(1);
  for (const { segmentKey, noncePrefix, commitment } of keys) {
    expect([segmentKey.length, noncePrefix.length, commitment.length]).toEqual([32, 7, 32]);
    expect([segmentKey, noncePrefix, commitment].map(isZero)).toEqual([true, true, true]);
  }
  expect(slotsInUse().length).toBe(before);
});

describe("seal", () => {
  test.each([
    ["many segments", plaintext.slice()],
    ["one, while the KMS is asked", plaintext.slice(0, 100)],
  ])("of %s wipes its copy, and leaves the caller's bytes alone", async (_, own) => {
    const { seal } = watched();
    const before = own.slice();
    await files.seal(own);
    expect(seal.mock.calls.length).toBeGreaterThan(0);
    for (const [batch] of seal.mock.calls) {
      expect(batch.bytes.buffer).not.toBe(own.buffer);
      expect(isZero(batch.bytes)).toBe(true);
    }
    expect(Buffer.compare(own, before)).toBe(0);
  });

  test("of one segment under a data key of the cache reads the caller's bytes, and leaves them alone", async () => {
    await using cached = envelope(kms, { keyId: "key-fixed", cache: true, backend: "wasm", workers: 1 });
    await cached.seal(new Uint8Array(1));
    const { seal } = watched();
    const own = plaintext.slice(0, 100);
    await cached.seal(own);
    expect(seal.mock.calls.map(([batch]) => batch.bytes.buffer === own.buffer)).toEqual([true]);
    expect(Buffer.compare(own, plaintext.subarray(0, 100))).toBe(0);
  });
});

describe("a message that does not open", () => {
  test.each([
    ["its last segment is forged", () => files.open(forged), "Not authentic"],
    ["it is aborted", () => files.open(message, ending()), "enough"],
  ] as const)("leaves none of its first segments in memory: %s", async (_, run, failure) => {
    const { open } = watched();
    await expect(run()).rejects.toThrow(failure);
    const [into] = open.mock.calls.map(([, output]) => output);
    expect(into?.length).toBe(plaintext.length);
    expect(isZero(into ?? plaintext)).toBe(true);
  });
});

test("openRange leaves nothing of a range whose segments are authentic up to a forged one", async () => {
  const range = plaintext.length - 999;
  const forgedLater = message.slice();
  const later = message.length - SEGMENT - 100;
  forgedLater[later] = (forgedLater[later] ?? 0) ^ 1;
  const wiped = await wipedDuring(() =>
    expect(files.openRange(forgedLater, 0, range)).rejects.toThrow("Not authentic"),
  );
  const results = wiped.filter(({ length }) => length === range);
  const [result = new Uint8Array(0)] = results;
  expect(results.length).toBe(1);
  expect(Buffer.compare(result.subarray(0, 2 ** 17), plaintext.subarray(0, 2 ** 17))).toBe(0);
});

test("openRange wipes the segments that it took its bytes from", async () => {
  const { open } = watched();
  expect(Buffer.compare(await files.openRange(message, 5, 9), plaintext.subarray(5, 14))).toBe(0);
  const opened = open.mock.results.map(({ value }) => value as Uint8Array);
  expect(opened.map(({ length }) => length)).toContain(SEGMENT);
  expect(opened.filter(({ length }) => length === SEGMENT).every(isZero)).toBe(true);
});

test("sealStream wipes what it held back", async () => {
  const { seal } = watched();
  await collect(streamOf([plaintext.subarray(0, 100)]).pipeThrough(files.sealStream()));
  expect(seal.mock.calls.map(([batch]) => [batch.bytes.length, isZero(batch.bytes)])).toEqual([[100, true]]);
});
