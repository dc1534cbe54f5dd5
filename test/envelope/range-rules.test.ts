import { envelope } from "lanelock/envelope";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { RangeSource } from "../../src/envelope/ranges/range-source.ts";
import { WorkerChoice } from "../../src/envelope/workers/worker-choice.ts";
import { seeded } from "../reference/seeded.ts";
import { FixedKms } from "./fixed-kms.ts";
import { deriveKeys, independentSeal, nonceOf, sealSegment } from "./independent-format.ts";

// What openRange() asks of a source and of the KMS, and what it does with a source that gives less than it should.

const SEGMENT = 4_096;
const UNIT = SEGMENT + 16;
const HEADER = 168;
const dataKey = new Uint8Array(32).fill(3);
const wrappedKey = new Uint8Array(96).fill(9);
const kms = new FixedKms(dataKey, wrappedKey);
const files = envelope(kms, { keyId: "key-fixed", segmentSize: SEGMENT, workers: 1 });
const plaintext = seeded("range rules").bytes(9 * SEGMENT + 123);
const message = await files.seal(plaintext);
const refusal = { code: "ERR_AUTHENTICATION" };

afterEach(() => vi.unstubAllGlobals());

/** A file that gives at most so many bytes at a time, none from `end` on, and keeps what it was asked for. */
function slowFile({ most = Number.POSITIVE_INFINITY, end = () => message.length, size = message.length } = {}) {
  const reads: (readonly [position: number, length: number])[] = [];
  const source: RangeSource = {
    stat: async () => ({ size }),
    read: async (buffer, offset, length, position) => {
      reads.push([position, length]);
      const bytesRead = Math.max(0, Math.min(length, most, end() - position));
      buffer.set(message.subarray(position, position + bytesRead), offset);
      return { bytesRead };
    },
  };
  return { source, reads };
}

describe("a file", () => {
  test("that gives its bytes one at a time is asked each time for the rest, where it goes on", async () => {
    const { source, reads } = slowFile({ most: 1 });
    expect(await files.openRange(source, 10, 3)).toEqual(plaintext.subarray(10, 13));
    const each = (position: number, length: number) =>
      Array.from({ length }, (_, given) => [position + given, length - given]);
    const wanted = [each(0, 8), each(0, HEADER), each(HEADER + 9 * UNIT, 123 + 16), each(HEADER, UNIT)];
    expect(reads).toEqual(wanted.flat());
  });

  test("that ends between two segments of the range is refused: the rest of the range is not zeros", async () => {
    let cut = message.length;
    const { source } = slowFile({ end: () => cut });
    expect(await files.openRange(source, 0, 2 * SEGMENT)).toEqual(plaintext.subarray(0, 2 * SEGMENT));
    cut = HEADER + UNIT;
    await expect(files.openRange(source, 0, 2 * SEGMENT)).rejects.toMatchObject(refusal);
    expect(await files.openRange(source, 0, SEGMENT)).toEqual(plaintext.subarray(0, SEGMENT));
  });

  test.each([
    ["shorter than the fixed part of a header is not read", 7, []],
    ["of just that part is read no further", 8, [[0, 8]]],
    ["shorter than its header is read no further", HEADER - 1, [[0, 8]]],
    // prettier-ignore
    [
      "of just a header has no segment to be read",
      HEADER,
      [
        [0, 8],
        [0, HEADER],
      ],
    ],
  ] as const)("%s", async (_, size, wanted) => {
    const { source, reads } = slowFile({ size });
    await expect(files.openRange(source, 0, 1)).rejects.toMatchObject(refusal);
    expect(reads).toEqual(wanted);
  });

  test("is read for an empty range only to verify its end", async () => {
    const { source, reads } = slowFile();
    expect(await files.openRange(source, 5, 0)).toEqual(new Uint8Array(0));
    expect(reads).toEqual([
      [0, 8],
      [0, HEADER],
      [HEADER + 9 * UNIT, 123 + 16],
    ]);
  });
});

describe("a source", () => {
  const [size, slice, read, stat] = [
    9_000,
    () => new Blob(),
    async () => ({ bytesRead: 0 }),
    async () => ({ size: 9 }),
  ];
  const arrayBuffer = async () => new ArrayBuffer(9);

  test.each([
    { size, slice },
    { size, arrayBuffer },
    { slice, arrayBuffer },
    { size: "9000", slice, arrayBuffer },
    { read },
    { stat },
  ])("that lacks part of a Blob's or a file's methods is refused: %o", async (source) => {
    await expect(files.openRange(source as never, 0, 1)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  });

  /** Blobs of older jsdoms have no `arrayBuffer`: they are read with a FileReader. */
  const oldBlob = (blob: Blob): object => ({
    size: blob.size,
    slice: (start: number, end: number) => oldBlob(blob.slice(start, end)),
    blob,
  });
  class Reader {
    result: ArrayBuffer | null = null;
    error: Error | null = null;
    onload = () => {};
    onerror = () => {};
    async readAsArrayBuffer({ blob }: { readonly blob: Blob }): Promise<void> {
      this.result = await blob.arrayBuffer();
      this.onload();
    }
  }
  class FailingReader extends Reader {
    override async readAsArrayBuffer(): Promise<void> {
      this.error = new Error("the file was changed");
      this.onerror();
    }
  }

  test("that is a Blob without arrayBuffer() is read with the host's FileReader, if it has one", async () => {
    const source = oldBlob(new Blob([message])) as RangeSource;
    await expect(files.openRange(source, 0, 1)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    vi.stubGlobal("FileReader", Reader);
    expect(await files.openRange(source, 5_000, 3)).toEqual(plaintext.subarray(5_000, 5_003));
    vi.stubGlobal("FileReader", FailingReader);
    const failed = { code: "ERR_STORE", cause: expect.objectContaining({ message: "the file was changed" }) };
    await expect(files.openRange(source, 0, 1)).rejects.toMatchObject(failed);
  });

  /** Opens a range of the bytes, and takes them away while the KMS is asked. */
  const takenAway = (bytes: Uint8Array, take: () => void) => {
    const decrypt: FixedKms["decrypt"] = async (request) => {
      take();
      return kms.decrypt(request);
    };
    return envelope(Object.assign(new FixedKms(dataKey, wrappedKey), { decrypt })).openRange(bytes, 0, 5);
  };

  test("whose buffer is transferred away or shrinks while the KMS is asked is ERR_BUFFER", async () => {
    const bytes = message.slice();
    const transfer = () => structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    await expect(takenAway(bytes, transfer)).rejects.toMatchObject({ code: "ERR_BUFFER" });
    const { length } = message;
    const buffer = Reflect.construct(ArrayBuffer, [length, { maxByteLength: length }]) as ArrayBuffer & {
      resize(length: number): void;
    };
    const tracking = new Uint8Array(buffer);
    tracking.set(message);
    const shrunk = takenAway(tracking, () => buffer.resize(length - 1));
    await expect(shrunk).rejects.toMatchObject({ code: "ERR_BUFFER" });
  });
});

test("what openRange() opens counts as bytes under the cached data key", async () => {
  const counting = new FixedKms(dataKey, wrappedKey);
  await using cached = envelope(counting, { cache: { maxBytes: 100 } });
  for (const length of [60, 40]) await cached.openRange(message, 0, length);
  expect(counting.calls).toEqual(["decrypt"]);
  await cached.openRange(message, 0, 1);
  expect(counting.calls).toEqual(["decrypt", "decrypt"]);
});

test("a range for which the host has no cipher fails with that error", async () => {
  const sm4 = new FixedKms(dataKey, wrappedKey, "Aliyun_SM4");
  const sealed = await envelope(sm4, { keyId: "key-fixed" }).seal(new Uint8Array(5));
  const native = envelope(sm4, { backend: "native" });
  await expect(native.openRange(sealed, 0, 5)).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
});

test("only a range that is long, in bytes or in segments that it takes, goes to threads", async () => {
  const pool = vi.spyOn(WorkerChoice.prototype, "pool");
  const options = { keyId: "key-fixed", backend: "wasm", workers: 2 } as const;
  await using small = envelope(kms, options);
  await using large = envelope(kms, { ...options, segmentSize: 2 ** 21 });
  const long = new Uint8Array(3 * 2 ** 20);
  const sealed = await envelope(kms, { ...options, workers: 1 }).seal(long);
  await small.openRange(sealed, 0, 1_000);
  await small.openRange(await small.seal(new Uint8Array(1_000)), 0, 1_000);
  expect(pool).not.toHaveBeenCalled();
  await small.openRange(sealed, 0, 2 ** 20);
  expect(pool).toHaveBeenCalledTimes(1);
  const inLarge = await envelope(kms, { ...options, segmentSize: 2 ** 21, workers: 1 }).seal(long);
  await large.openRange(inLarge, 0, 1_000);
  expect(pool).toHaveBeenCalledTimes(2);
});

test("a range that the host cannot hold in one array is ERR_LIMIT, and the host's error its cause", async () => {
  const length = 2 ** 45;
  const input = { suite: 1, segmentSizeLog2: 24, dataKey, wrappedKey, salt: new Uint8Array(32), context: null };
  const { segmentKey, noncePrefix } = deriveKeys(input);
  const segments = length / 2 ** 24 + 1;
  const last = sealSegment(1, segmentKey, nonceOf(noncePrefix, segments - 1, true), Buffer.of(7));
  const head = independentSeal({ ...input, plaintext: new Uint8Array(0) }).subarray(0, HEADER);
  const size = HEADER + length + 1 + 16 * segments;
  const endless: RangeSource = {
    stat: async () => ({ size }),
    read: async (buffer, offset, bytesRead, position) => {
      const part = position === 0 ? head : last;
      buffer.set(part.subarray(0, bytesRead), offset);
      return { bytesRead };
    },
  };
  expect(await files.openRange(endless, length, 1)).toEqual(Uint8Array.of(7));
  const tooLong = { code: "ERR_LIMIT", cause: expect.any(RangeError) };
  await expect(files.openRange(endless, 0, length)).rejects.toMatchObject(tooLong);
});
