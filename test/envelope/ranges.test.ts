import { openAsBlob } from "node:fs";
import { appendFile, mkdir, open, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { envelope } from "lanelock/envelope";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RangeSource } from "../../src/envelope/ranges/range-source.ts";
import { seeded } from "../reference/seeded.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { FixedKms } from "./fixed-kms.ts";

const SEGMENT = 4_096;
const UNIT = SEGMENT + 16;
const HEADER = 168;
const kms = new FixedKms(new Uint8Array(32).fill(3), new Uint8Array(96).fill(9));
const files = envelope(kms, { keyId: "key-fixed", segmentSize: SEGMENT, cache: true });
const plaintext = seeded("ranges").bytes(9 * SEGMENT + 123);
const message = await files.seal(plaintext);
const refusal = { code: "ERR_AUTHENTICATION" };
const path = join(scratchFolder("ranges"), "message");

const toClose: { close(): Promise<void> }[] = [];
beforeAll(() => writeFile(path, message));
afterAll(() => Promise.all(toClose.map((handle) => handle.close())));

const sources: Record<string, () => Promise<RangeSource>> = {
  "a file handle": async () => {
    const handle = await open(path);
    toClose.push(handle);
    return handle;
  },
  "a Blob": async () => new Blob([message]),
  "a Uint8Array": async () => message,
  "a view on a Buffer": async () => Buffer.concat([Buffer.alloc(5), message]).subarray(5),
};

describe.each(Object.keys(sources))("of %s", (name) => {
  const make = sources[name] ?? (async () => message);

  test("every edge of every segment, and random ranges", async () => {
    const source = await make();
    const edges = [
      0,
      1,
      SEGMENT - 1,
      SEGMENT,
      SEGMENT + 1,
      5 * SEGMENT,
      9 * SEGMENT,
      9 * SEGMENT + 122,
      plaintext.length,
    ];
    for (const start of edges) {
      for (const end of edges.filter((edge) => edge >= start)) {
        const opened = await files.openRange(source, start, end - start);
        expect(Buffer.compare(opened, plaintext.subarray(start, end)), `${start} to ${end}`).toBe(0);
      }
    }
    const random = seeded(`ranges of ${name}`);
    for (let i = 0; i < 60; i++) {
      const start = random.integer(0, plaintext.length);
      const length = random.integer(0, plaintext.length - start);
      const opened = await files.openRange(source, start, length);
      expect(Buffer.compare(opened, plaintext.subarray(start, start + length))).toBe(0);
    }
  });

  test("past the end is ERR_RANGE", async () => {
    const source = await make();
    const beyond = [
      [plaintext.length, 1],
      [plaintext.length + 1, 0],
      [0, plaintext.length + 1],
      [2 ** 40, 2 ** 40],
      [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ] as const;
    for (const [offset, length] of beyond) {
      await expect(files.openRange(source, offset, length)).rejects.toMatchObject({ code: "ERR_RANGE" });
    }
  });
});

test("reads the header, the last segment once, and the segments of the range", async () => {
  const handle = await open(path);
  toClose.push(handle);
  const reads: [number, number][] = [];
  const source = {
    stat: () => handle.stat(),
    read: (buffer: Uint8Array, offset: number, length: number, position: number) => {
      reads.push([position, length]);
      return handle.read(buffer, offset, length, position);
    },
  } as unknown as RangeSource;
  const wanted = [
    [0, 8],
    [0, HEADER],
    [HEADER + 9 * UNIT, 123 + 16],
    [HEADER + 2 * UNIT, 2 * UNIT],
  ];
  await files.openRange(source, 3 * SEGMENT - 1, 2);
  expect(reads).toEqual(wanted);
  reads.length = 0;
  await files.openRange(source, 3 * SEGMENT - 1, 2);
  expect(reads).toEqual(wanted.toSpliced(2, 1));
});

test("a touched segment fails every range that needs it, and no other; the last is needed by all", async () => {
  for (let segment = 0; segment <= 9; segment++) {
    const spoilt = message.slice();
    const at = HEADER + segment * UNIT + 11;
    spoilt[at] = (spoilt[at] ?? 0) ^ 2;
    for (let wanted = 0; wanted <= 9; wanted++) {
      const opening = files.openRange(spoilt, wanted * SEGMENT, 10);
      if (segment === wanted || segment === 9) await expect(opening).rejects.toMatchObject(refusal);
      else expect(await opening).toEqual(plaintext.subarray(wanted * SEGMENT, wanted * SEGMENT + 10));
    }
    const across = files.openRange(spoilt, segment * SEGMENT - (segment ? 1 : 0), 3);
    await expect(across).rejects.toMatchObject(refusal);
  }
});

test("a source that was cut or lengthened fails every range", async () => {
  for (const size of [0, 7, HEADER, HEADER + 15, HEADER + 16, HEADER + UNIT, HEADER + 5 * UNIT, message.length - 1]) {
    for (const source of [message.slice(0, size), new Blob([message.subarray(0, size)])]) {
      await expect(files.openRange(source, 0, 1)).rejects.toMatchObject(refusal);
    }
  }
  const longer = Buffer.concat([message, message.subarray(HEADER)]);
  await expect(files.openRange(longer, 0, 1)).rejects.toMatchObject(refusal);
});

test("a file that is cut after its end was verified fails from then on", async () => {
  const copy = `${path}-cut`;
  await writeFile(copy, message);
  const handle = await open(copy);
  toClose.push(handle);
  expect(await files.openRange(handle, 0, 5)).toEqual(plaintext.subarray(0, 5));
  await truncate(copy, HEADER + 3 * UNIT);
  await expect(files.openRange(handle, 0, 5)).rejects.toMatchObject(refusal);
});

test("a file that shrinks while it is read is an error", async () => {
  const handle = await open(path);
  toClose.push(handle);
  const source = { stat: () => handle.stat(), read: async () => ({ bytesRead: 0, buffer: new Uint8Array(0) }) };
  await expect(files.openRange(source as unknown as RangeSource, 0, 5)).rejects.toMatchObject(refusal);
});

test("an empty message has one empty range", async () => {
  const empty = await files.seal(new Uint8Array(0));
  expect(await files.openRange(empty, 0, 0)).toEqual(new Uint8Array(0));
  await expect(files.openRange(empty, 0, 1)).rejects.toMatchObject({ code: "ERR_RANGE" });
});

test("other keys, other contexts and other backends", async () => {
  const other = envelope(kms, { encryptionContext: { a: "1" } });
  await expect(other.openRange(message, 0, 1)).rejects.toMatchObject(refusal);
  for (const backend of ["native", "wasm"] as const) {
    const own = envelope(kms, { backend });
    expect(await own.openRange(message, 5_000, 9)).toEqual(plaintext.subarray(5_000, 5_009));
  }
});

test("what cannot be read from", async () => {
  for (const source of [undefined, null, 5, "message", {}, { read() {} }, new ReadableStream()]) {
    await expect(files.openRange(source as never, 0, 1)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  }
});

describe("a source that fails to be read is ERR_STORE, and its own error the cause:", () => {
  const failed = (cause: object) => ({
    name: "LanelockError",
    code: "ERR_STORE",
    cause: expect.objectContaining(cause),
  });

  test("a file handle that is closed, before and between two ranges", async () => {
    const handle = await open(path);
    expect(await files.openRange(handle, 0, 5)).toEqual(plaintext.subarray(0, 5));
    await handle.close();
    await expect(files.openRange(handle, 0, 5)).rejects.toMatchObject(failed({ code: "EBADF" }));
  });

  test("a folder, which has a size and no bytes", async () => {
    const folder = `${path}-folder`;
    await mkdir(folder);
    const handle = await open(folder);
    toClose.push(handle);
    await expect(files.openRange(handle, 0, 5)).rejects.toMatchObject(failed({ code: "EISDIR" }));
  });

  test("a file handle that is open for writing only", async () => {
    const handle = await open(`${path}-writable`, "w");
    toClose.push(handle);
    await handle.write(message);
    await expect(files.openRange(handle, 0, 5)).rejects.toMatchObject(failed({ code: "EBADF" }));
  });

  test("a Blob whose file was changed", async () => {
    const copy = `${path}-blob`;
    await writeFile(copy, message);
    const blob = await openAsBlob(copy);
    expect(await files.openRange(blob, 0, 5)).toEqual(plaintext.subarray(0, 5));
    await appendFile(copy, "more");
    await expect(files.openRange(blob, 0, 5)).rejects.toMatchObject(failed({ name: "NotReadableError" }));
  });

  test("a source of the caller's own that throws, or returns an invalid size", async () => {
    const throwing = {
      stat() {
        throw new Error("no stat");
      },
      read: async () => ({ bytesRead: 0, buffer: new Uint8Array(0) }),
    };
    await expect(files.openRange(throwing as never, 0, 5)).rejects.toMatchObject(failed({ message: "no stat" }));
    for (const size of [1_000n, Number.NaN, -1, undefined, "1000"]) {
      const source = { ...throwing, stat: async () => ({ size }) };
      await expect(files.openRange(source as never, 0, 5)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    }
    for (const bytesRead of [-1, 9_999, Number.NaN, 0.5, undefined]) {
      const source = { stat: async () => ({ size: message.length }), read: async () => ({ bytesRead }) };
      await expect(files.openRange(source as never, 0, 5)).rejects.toMatchObject(refusal);
    }
  });

  test("but the reason of an aborted signal passes unchanged", async () => {
    const reason = new Error("no longer wanted");
    const abort = new AbortController();
    const read = async () => {
      abort.abort(reason);
      throw new Error("the source gave up");
    };
    const source = { stat: async () => ({ size: message.length }), read };
    const { signal } = abort;
    await expect(files.openRange(source as never, 0, 5, { signal })).rejects.toBe(reason);
  });
});
