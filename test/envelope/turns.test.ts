import { envelope } from "lanelock/envelope";
import { afterEach, describe, expect, test, vi } from "vitest";
import { PooledSegments } from "../../src/envelope/workers/pooled-segments.ts";
import { collect, streamOf } from "./collect.ts";
import { FixedKms } from "./fixed-kms.ts";

vi.mock("../../src/shared/timers.ts", () => import("../shared/late-timers.ts"));

// A long message leaves the thread to others between two batches, and gives threads no more batches than they have places for.

const kms = new FixedKms(new Uint8Array(32).fill(3), new Uint8Array(96).fill(9));
const plaintext = new Uint8Array(2 ** 21).fill(1);
const message = await envelope(kms, { keyId: "key-fixed", workers: 1 }).seal(plaintext);

/** It only grows, also from test to test. */
let now = performance.now();

type Use = [name: string, use: (files: ReturnType<typeof envelope>) => Promise<Uint8Array>];
const uses: Use[] = [
  ["seal", (files) => files.seal(plaintext)],
  ["open", (files) => files.open(message)],
  ["openRange", (files) => files.openRange(message, 0, plaintext.length)],
  ["sealStream", (files) => collect(streamOf([plaintext]).pipeThrough(files.sealStream({ length: plaintext.length })))],
  ["openStream", (files) => collect(streamOf([message]).pipeThrough(files.openStream()))],
];

afterEach(() => vi.restoreAllMocks());

describe.each(uses)("%s", (_, use) => {
  test("lets other work have its turn between batches that take long", async () => {
    await using files = envelope(kms, { keyId: "key-fixed", backend: "wasm", workers: 1 });
    now = Math.max(now, performance.now());
    vi.spyOn(performance, "now").mockImplementation(() => {
      now += 11;
      return now;
    });
    // The first message has to ask the KMS and measure.
    await use(files);
    let turns = 0;
    let over = false;
    const other = () => {
      turns += 1;
      if (!over) setImmediate(other);
    };
    setImmediate(other);
    await use(files);
    over = true;
    // Eight batches of 256 KiB.
    expect(turns).toBeGreaterThanOrEqual(7);
  });

  test("gives a thread a batch when there is a place for it, and not before", async () => {
    await using files = envelope(kms, { keyId: "key-fixed", backend: "wasm", workers: 2 });
    let places = 0;
    const { reserve, seal, open } = PooledSegments.prototype;
    vi.spyOn(PooledSegments.prototype, "reserve").mockImplementation(async function (this: PooledSegments) {
      await reserve.call(this);
      await new Promise((resolve) => setImmediate(resolve));
      places += 1;
    });
    const taking = (act: typeof seal) =>
      function (this: PooledSegments, ...args: Parameters<typeof seal>) {
        places -= 1;
        expect(places).toBeGreaterThanOrEqual(0);
        return act.apply(this, args);
      };
    const batches = vi.spyOn(PooledSegments.prototype, "seal").mockImplementation(taking(seal));
    const opened = vi.spyOn(PooledSegments.prototype, "open").mockImplementation(taking(open));
    await use(files);
    expect(batches.mock.calls.length + opened.mock.calls.length).toBeGreaterThan(2);
    expect(places).toBe(0);
  });
});
