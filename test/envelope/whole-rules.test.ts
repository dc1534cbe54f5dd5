import { envelope, LanelockError } from "lanelock/envelope";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DataKeys } from "../../src/envelope/keys/data-keys.ts";
import { ProgressCount } from "../../src/envelope/message-options.ts";
import { WebSegments } from "../../src/envelope/segments/web-segments.ts";
import { processWhole } from "../../src/envelope/whole/process-whole.ts";
import { PooledSegments } from "../../src/envelope/workers/pooled-segments.ts";
import { SegmentPool } from "../../src/envelope/workers/segment-pool.ts";
import { seeded } from "../reference/seeded.ts";
import { FixedKms } from "./fixed-kms.ts";

/** The private copies that were made, and whether the host has memory for another. */
const copies = vi.hoisted(() => ({ made: [] as Uint8Array[], noMemory: false }));
vi.mock("../../src/envelope/segments/result-buffer.ts", async (original) => {
  const real = await original<typeof import("../../src/envelope/segments/result-buffer.ts")>();
  const privateCopy: typeof real.privateCopy = (bytes) => {
    if (copies.noMemory) throw new LanelockError("ERR_LIMIT", "no memory");
    const copy = real.privateCopy(bytes);
    copies.made.push(copy);
    return copy;
  };
  return { ...real, privateCopy };
});
vi.mock("../../src/shared/timers.ts", () => import("../shared/late-timers.ts"));

// seal() and open() of bytes in memory: whose bytes they read, when, and what is left of them.

const SEGMENT = 4_096;
const dataKey = new Uint8Array(32).fill(3);
const wrappedKey = new Uint8Array(96).fill(9);
const kms = new FixedKms(dataKey, wrappedKey);
const keyId = "key-fixed";
const random = seeded("whole rules").bytes(2 ** 21);
const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);
const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};
/** It only grows, also from test to test. */
let now = performance.now();

beforeEach(() => {
  copies.made = [];
  copies.noMemory = false;
});
afterEach(() => vi.restoreAllMocks());

/** From now on, every look at the clock finds a batch that took long. */
function slowHost() {
  now = Math.max(now, performance.now());
  vi.spyOn(performance, "now").mockImplementation(() => {
    now += 11;
    return now;
  });
}

describe("seal() under a cached data key: the bytes may be changed as soon as it returns its promise,", () => {
  test.each([
    ["one short segment", 100, { segmentSize: SEGMENT, backend: "wasm", workers: 1 }, 0],
    ["one segment as long as a batch", 2 ** 18, { segmentSize: 2 ** 18, backend: "wasm", workers: 1 }, 0],
    ["many batches", 2 ** 19 + 5, { segmentSize: SEGMENT, backend: "wasm", workers: 1 }, 1],
    ["one segment on threads", 2 ** 21, { segmentSize: 2 ** 21, backend: "native", workers: 2 }, 1],
    ["many segments on threads", 2 ** 21, { segmentSize: 2 ** 16, backend: "native", workers: 2 }, 1],
  ] as const)("%s", async (_, length, options, expected) => {
    await using files = envelope(kms, { keyId, cache: true, ...options });
    await files.seal(new Uint8Array(1));
    copies.made = [];
    slowHost();
    const bytes = random.slice(0, length);
    const sealing = files.seal(bytes);
    bytes.fill(0xff);
    const message = await sealing;
    expect(copies.made.map(isZero)).toEqual(Array(expected).fill(true));
    vi.restoreAllMocks();
    expect(Buffer.compare(await envelope(kms).open(message), random.subarray(0, length))).toBe(0);
  });
});

test.each([100, 10_000])("seal() of %i bytes while the KMS is asked makes one copy, and wipes it", async (length) => {
  await envelope(kms, { keyId, segmentSize: SEGMENT }).seal(random.subarray(0, length));
  expect(copies.made.map((copy) => [copy.length, isZero(copy)])).toEqual([[length, true]]);
});

test("seal() without memory for its copy fails with ERR_LIMIT, and wipes the keys that come later", async () => {
  const starting = vi.spyOn(DataKeys.prototype, "forSealing");
  const own = new FixedKms(dataKey, wrappedKey);
  copies.noMemory = true;
  await expect(envelope(own, { keyId }).seal(random.subarray(0, 100))).rejects.toMatchObject({ code: "ERR_LIMIT" });
  const [start] = await Promise.all(starting.mock.results.map(({ value }) => value));
  await turns(1);
  expect([start.keys.segmentKey, start.keys.noncePrefix, start.keys.commitment, ...own.handedOut].map(isZero)).toEqual(
    Array(4).fill(true),
  );
});

test("a message for which the host has no cipher fails with that error, whole", async () => {
  const sm4 = new FixedKms(dataKey, wrappedKey, "Aliyun_SM4");
  const message = await envelope(sm4, { keyId }).seal(new Uint8Array(5));
  const native = envelope(sm4, { keyId, backend: "native" });
  await expect(native.open(message)).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
  await expect(native.seal(new Uint8Array(5))).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
});

describe("open() of bytes that are transferred away is ERR_BUFFER", () => {
  const transfer = (bytes: Uint8Array) => structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  const gone = { code: "ERR_BUFFER", message: expect.stringContaining("transferred away") };

  test("while the KMS is asked", async () => {
    const bytes = await envelope(kms, { keyId }).seal(random.subarray(0, 100));
    const decrypt: FixedKms["decrypt"] = async (request) => {
      const answer = await kms.decrypt(request);
      transfer(bytes);
      return answer;
    };
    const own = Object.assign(new FixedKms(dataKey, wrappedKey), { decrypt });
    await expect(envelope(own).open(bytes)).rejects.toMatchObject(gone);
  });

  test("between two batches", async () => {
    const files = envelope(kms, { keyId, backend: "wasm", workers: 1 });
    const bytes = await files.seal(random);
    await expect(files.open(bytes, { onProgress: () => transfer(bytes) })).rejects.toMatchObject(gone);
  });
});

test("progress tells of a message of one batch once, when it is done", async () => {
  const files = envelope(kms, { keyId, segmentSize: SEGMENT, workers: 1 });
  const seen: unknown[] = [];
  const onProgress = (progress: object) => seen.push({ ...progress });
  await files.open(await files.seal(random.subarray(0, 5_000), { onProgress }), { onProgress });
  expect(seen).toEqual([
    { bytes: 5_000, total: 5_000 },
    { bytes: 5_000, total: 5_000 },
  ]);
});

describe("on threads", () => {
  const threads = { keyId, backend: "wasm", workers: 2 } as const;
  const unit = 2 ** 16 + 16;

  test("a message of one long segment takes a place, and gives it back", async () => {
    await using files = envelope(kms, { ...threads, segmentSize: 2 ** 21 });
    const [taken, given] = [
      vi.spyOn(SegmentPool.prototype, "takePlace"),
      vi.spyOn(SegmentPool.prototype, "giveBackPlace"),
    ];
    await files.open(await files.seal(random));
    expect([taken.mock.calls.length, given.mock.calls.length]).toEqual([2, 2]);
  });

  /** A message of eight batches. The second does not open. */
  async function forged(): Promise<Uint8Array> {
    const message = await envelope(kms, { ...threads, workers: 1 }).seal(random);
    const at = 168 + 4 * unit;
    message[at] = (message[at] ?? 0) ^ 1;
    return message;
  }

  test("batches that are opened after another failed leave nothing in memory", async () => {
    await using files = envelope(kms, threads);
    const message = await forged();
    const process = SegmentPool.prototype.process;
    let failed = false;
    const late: Promise<void>[] = [];
    vi.spyOn(SegmentPool.prototype, "process").mockImplementation(async function (this: SegmentPool, ...args) {
      const working = process.apply(this, args);
      if (args[1].first === 4) {
        return working.catch((error) => {
          failed = true;
          throw error;
        });
      }
      const held = working.then(async () => {
        while (!failed) await turns(1);
        await turns(5);
      });
      if (args[1].first > 4) late.push(held);
      if (args[1].first > 4) await held;
      return working;
    });
    const opening = vi.spyOn(PooledSegments.prototype, "open");
    await expect(files.open(message)).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
    await Promise.all(late);
    await turns(2);
    expect(late.length).toBeGreaterThan(0);
    const [into] = opening.mock.calls.map(([, output]) => output);
    expect(into?.length).toBe(random.length);
    expect(isZero(into ?? random)).toBe(true);
  });

  test("a batch that fails before an earlier one is done is no unhandled rejection", async () => {
    await using files = envelope(kms, threads);
    const message = await forged();
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const work = SegmentPool.prototype.process;
    let failed = false;
    vi.spyOn(SegmentPool.prototype, "process").mockImplementation(async function (this: SegmentPool, ...args) {
      try {
        const result = await work.apply(this, args);
        while (args[1].first === 0 && !failed) await turns(1);
        if (args[1].first === 0) await turns(3);
        return result;
      } catch (error) {
        failed = true;
        throw error;
      }
    });
    await expect(files.open(message)).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

test("WebCrypto is given eight batches at a time, and no more", async () => {
  const keys = { segmentKey: dataKey.slice(), noncePrefix: new Uint8Array(7), commitment: new Uint8Array(0) };
  const cipher = await WebSegments.create({
    ...keys,
    suite: { id: 1, name: "AES-256-GCM", keyLength: 32 },
    segmentSize: 2 ** 16,
  });
  let [atOnce, most] = [0, 0];
  // No batch takes long.
  vi.spyOn(performance, "now").mockReturnValue(0);
  await processWhole({
    cipher,
    input: random,
    unit: 2 ** 16,
    resultUnit: 2 ** 16 + 16,
    output: new Uint8Array(random.length + 32 * 16),
    progress: new ProgressCount(undefined, undefined),
    signal: undefined,
    process: async (batch, into) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      const result = await cipher.seal(batch, into);
      atOnce -= 1;
      return result;
    },
    plaintextLength: (batch) => batch.bytes.length,
  });
  expect([most, atOnce]).toEqual([8, 0]);
});
