import { Duplex, Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { envelope } from "lanelock/envelope";
import { describe, expect, test, vi } from "vitest";
import { seeded } from "../reference/seeded.ts";
import { chunksOf, collect, streamOf } from "./collect.ts";
import { FixedKms } from "./fixed-kms.ts";

const SEGMENT = 4_096;
const kms = new FixedKms(new Uint8Array(32).fill(3), new Uint8Array(96).fill(9));
const files = envelope(kms, { keyId: "key-fixed", segmentSize: SEGMENT });
const plaintext = seeded("streams").bytes(10 * SEGMENT + 77);
const message = await files.seal(plaintext);
/** The types of Node's streams and of the DOM's differ in a detail. */
const duplex = (pair: TransformStream) => Duplex.fromWeb(pair as unknown as Parameters<typeof Duplex.fromWeb>[0]);
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

describe.each(["native", "wasm"] as const)("%s", (backend) => {
  const own = envelope(kms, { keyId: "key-fixed", segmentSize: SEGMENT, backend });

  test.each([1, 7, 4_095, 4_096, 4_097, 4_112, 20_000, 1_000_000])("chunks of %i bytes", async (chunk) => {
    const sealed = await collect(streamOf(chunksOf(plaintext, chunk)).pipeThrough(own.sealStream()));
    expect(sealed.length).toBe(files.sealedLength(plaintext.length));
    expect(same(await files.open(sealed), plaintext)).toBe(true);
    expect(same(await collect(streamOf(chunksOf(message, chunk)).pipeThrough(own.openStream())), plaintext)).toBe(true);
  });

  test.each([0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT])("%i bytes in all", async (length) => {
    const part = plaintext.subarray(0, length);
    const sealed = await collect(streamOf(chunksOf(part, 1_000)).pipeThrough(own.sealStream()));
    expect(same(await files.open(sealed), part)).toBe(true);
    expect(same(await collect(streamOf([sealed]).pipeThrough(own.openStream())), part)).toBe(true);
  });
});

test("empty chunks change nothing, and a chunk may be used again once it was taken", async () => {
  const pair = files.sealStream();
  const sealing = collect(pair.readable);
  const writer = pair.writable.getWriter();
  const buffer = new Uint8Array(3_000);
  for (let at = 0; at < plaintext.length; at += buffer.length) {
    const part = plaintext.subarray(at, at + buffer.length);
    buffer.set(part);
    await writer.write(buffer.subarray(0, part.length));
    buffer.fill(0xff);
    await writer.write(new Uint8Array(0));
  }
  await writer.close();
  expect(same(await files.open(await sealing), plaintext)).toBe(true);
});

describe("Node's streams", () => {
  test("pipeline, through Duplex.fromWeb", async () => {
    const [sealed, opened]: Buffer[][] = [[], []];
    await pipeline(Readable.from(chunksOf(plaintext, 5_000)), duplex(files.sealStream()), async (source) => {
      for await (const chunk of source) sealed?.push(chunk);
    });
    await pipeline(Readable.from(sealed ?? []), duplex(files.openStream()), async (source) => {
      for await (const chunk of source) opened?.push(chunk);
    });
    expect(same(Buffer.concat(opened ?? []), plaintext)).toBe(true);
  });

  test("Readable.fromWeb and Writable.fromWeb, each on its own side", async () => {
    const pair = files.openStream();
    const chunks: Buffer[] = [];
    await Promise.all([
      pipeline(Readable.from(chunksOf(message, 999)), Writable.fromWeb(pair.writable)),
      pipeline(Readable.fromWeb(pair.readable as never), async (source) => {
        for await (const chunk of source) chunks.push(chunk);
      }),
    ]);
    expect(same(Buffer.concat(chunks), plaintext)).toBe(true);
  });

  test("a forgery ends a pipeline with the error, and nothing of its segment", async () => {
    const spoilt = message.slice();
    spoilt[spoilt.length - 1] = (spoilt.at(-1) ?? 0) ^ 1;
    let length = 0;
    const running = pipeline(Readable.from([spoilt]), duplex(files.openStream()), async (source) => {
      for await (const chunk of source) length += chunk.length;
    });
    await expect(running).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
    expect(length).toBeLessThanOrEqual(10 * SEGMENT);
  });
});

describe.each([
  { name: "this thread", options: { workers: 1 } },
  { name: "threads", options: { workers: 2, backend: "wasm" as const } },
])("back-pressure, $name", ({ options }) => {
  test("who does not read stops the writer, within a chunk too", async () => {
    await using own = envelope(kms, { keyId: "key-fixed", ...options });
    let made = 0;
    const pair = own.sealStream({
      onProgress: ({ bytes }) => {
        made = bytes;
      },
    });
    const writer = pair.writable.getWriter();
    const big = new Uint8Array(32 * 2 ** 20);
    const writing = writer.write(big).then(() => writer.close());
    writing.catch(() => {});
    const reader = pair.readable.getReader();
    let read = 0;
    for (let i = 0; i < 8; i++) read += (await reader.read()).value?.length ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 50));
    // A few runs of 1 MiB wait, however large the chunk.
    expect(made - read).toBeLessThan(4 * 2 ** 20);
    expect(read).toBeLessThan(big.length / 2);
    await reader.cancel("enough");
    await expect(writing).rejects.toBe("enough");
  });

  test("without a reader, nothing beyond the first batches is read from the source", async () => {
    await using own = envelope(kms, { keyId: "key-fixed", ...options });
    let given = 0;
    const chunk = new Uint8Array(2 ** 18);
    const endless = (function* () {
      for (;;) {
        given += chunk.length;
        yield chunk;
      }
    })();
    const stop = new AbortController();
    const sealed = streamOf(endless).pipeThrough(own.sealStream({ signal: stop.signal }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(given).toBeLessThan(8 * 2 ** 20);
    await sealed.cancel();
  });
});

describe("the end before the end", () => {
  const kinds = [
    { name: "seal", make: (signal: AbortSignal) => files.sealStream({ signal }), input: plaintext },
    { name: "open", make: (signal: AbortSignal) => files.openStream({ signal }), input: message },
    { name: "rewrap", make: (signal: AbortSignal) => files.rewrapStream({ keyId: "k", signal }), input: message },
  ];

  test.each(kinds)("$name: aborted before it begins, both sides have the reason", async ({ make, input }) => {
    const pair = make(AbortSignal.abort(new Error("too late")));
    const writer = pair.writable.getWriter();
    await expect(writer.write(input)).rejects.toThrow("too late");
    await expect(pair.readable.getReader().read()).rejects.toThrow("too late");
  });

  test.each(kinds.slice(0, 2))("$name: aborted after any chunk", async ({ make, input }) => {
    const chunks = [...chunksOf(input, 5_000)];
    for (let after = 0; after <= chunks.length; after++) {
      const abort = new AbortController();
      const pair = make(abort.signal);
      const reading = collect(pair.readable);
      reading.catch(() => {});
      const writer = pair.writable.getWriter();
      for (const chunk of chunks.slice(0, after)) await writer.write(chunk);
      abort.abort(new Error("stop"));
      await expect(writer.closed).rejects.toThrow("stop");
      await expect(reading).rejects.toThrow("stop");
    }
  });

  test("aborted while the KMS is asked: the data key that comes late is wiped", async () => {
    let answer = () => {};
    const waiting = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const slow = new FixedKms(new Uint8Array(32).fill(3), new Uint8Array(96).fill(9));
    const generate = slow.generateDataKey.bind(slow);
    vi.spyOn(slow, "generateDataKey").mockImplementation(() => waiting.then(generate));
    const abort = new AbortController();
    const pair = envelope(slow, { keyId: "key-fixed" }).sealStream({ signal: abort.signal });
    const writing = pair.writable.getWriter().write(plaintext);
    await vi.waitFor(() => expect(slow.generateDataKey).toHaveBeenCalled());
    abort.abort(new Error("stop"));
    await expect(writing).rejects.toThrow("stop");
    answer();
    await vi.waitFor(() => expect(slow.handedOut.length).toBe(1));
    await vi.waitFor(() => expect(slow.handedOut[0]?.every((byte) => byte === 0)).toBe(true));
  });

  test("cancelled by the reader, the writer has the reason", async () => {
    for (const make of [() => files.sealStream(), () => files.openStream()]) {
      const pair = make();
      const writer = pair.writable.getWriter();
      await pair.readable.cancel(new Error("no more"));
      await expect(writer.write(message)).rejects.toThrow("no more");
    }
  });

  test("aborted by the writer, the reader has the reason; a source that fails likewise", async () => {
    for (const pair of [files.sealStream(), files.openStream()]) {
      const reading = collect(pair.readable);
      reading.catch(() => {});
      await pair.writable.abort(new Error("gone"));
      await expect(reading).rejects.toThrow("gone");
    }
    const failing = (function* () {
      yield plaintext;
      throw new Error("the disk is gone");
    })();
    await expect(collect(streamOf(failing).pipeThrough(files.sealStream()))).rejects.toThrow("the disk is gone");
  });

  test("a signal that is aborted after the end changes nothing", async () => {
    const abort = new AbortController();
    const sealed = await collect(streamOf([plaintext]).pipeThrough(files.sealStream({ signal: abort.signal })));
    abort.abort();
    expect(same(await files.open(sealed), plaintext)).toBe(true);
  });

  test("whole messages and ranges end with the signal's reason too", async () => {
    const signal = AbortSignal.abort(new Error("stop"));
    await expect(files.seal(plaintext, { signal })).rejects.toThrow("stop");
    await expect(files.open(message, { signal })).rejects.toThrow("stop");
    await expect(files.openRange(message, 0, 1, { signal })).rejects.toThrow("stop");
  });
});

describe("progress", () => {
  test("counts plaintext up to the total, whole, as a stream and for a range", async () => {
    const seen: { bytes: number; total: number | undefined }[] = [];
    const onProgress = (progress: { bytes: number; total: number | undefined }) => seen.push({ ...progress });
    const total = plaintext.length;
    await files.seal(plaintext, { onProgress });
    expect(seen.at(-1)).toEqual({ bytes: total, total });
    await files.open(message, { onProgress });
    expect(seen.at(-1)).toEqual({ bytes: total, total });
    await collect(streamOf([plaintext]).pipeThrough(files.sealStream({ length: total, onProgress })));
    expect(seen.at(-1)).toEqual({ bytes: total, total });
    await collect(streamOf([message]).pipeThrough(files.openStream({ onProgress })));
    expect(seen.at(-1)).toEqual({ bytes: total, total: undefined });
    await files.openRange(message, 100, 20_000, { onProgress });
    expect(seen.at(-1)).toEqual({ bytes: 20_000, total: 20_000 });
  });

  test("never goes back, not even where a cut leaves less than a tag, on threads", async () => {
    await using threaded = envelope(kms, { keyId: "key-fixed", backend: "wasm", workers: 2 });
    const unit = 2 ** 16 + 16;
    const whole = await threaded.seal(new Uint8Array(30 * 2 ** 16));
    const cut = whole.subarray(0, whole.length - 30 * unit + 25 * unit + 7);
    const seen: number[] = [];
    const opening = threaded.openStream({ onProgress: ({ bytes }) => seen.push(bytes) });
    await expect(collect(streamOf(chunksOf(cut, 50_000)).pipeThrough(opening))).rejects.toMatchObject({
      code: "ERR_AUTHENTICATION",
    });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  test("what it throws ends the message", async () => {
    const onProgress = () => {
      throw new Error("enough");
    };
    await expect(files.seal(plaintext, { onProgress })).rejects.toThrow("enough");
    await expect(files.openRange(message, 0, 1, { onProgress })).rejects.toThrow("enough");
    await expect(collect(streamOf([plaintext]).pipeThrough(files.sealStream({ onProgress })))).rejects.toThrow(
      "enough",
    );
  });
});

test("a commitment that does not fit is refused when the header is there, before any segment", async () => {
  const header = message.slice(0, 168);
  header[167] = (header[167] ?? 0) ^ 1;
  const { readable, writable } = files.openStream();
  const reading = readable.getReader().read();
  reading.catch(() => {});
  await expect(writable.getWriter().write(header)).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
  await expect(reading).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
});

test("a stream that is not as long as was said fails", async () => {
  const sealing = (length: number) => collect(streamOf([plaintext]).pipeThrough(files.sealStream({ length })));
  await expect(sealing(plaintext.length - 1)).rejects.toMatchObject({ code: "ERR_LENGTH" });
  await expect(sealing(plaintext.length + 1)).rejects.toMatchObject({ code: "ERR_LENGTH" });
});

test("bytes that are transferred away before they are read are ERR_BUFFER in every call", async () => {
  await using threaded = envelope(kms, { keyId: "key-fixed", backend: "wasm", workers: 2 });
  const long = await threaded.seal(new Uint8Array(3_000_000));
  const uses: Record<string, (bytes: Uint8Array) => Promise<Uint8Array>> = {
    open: (bytes) => threaded.open(bytes),
    openRange: (bytes) => threaded.openRange(bytes, 0, 2_000_000),
    sealStream: (bytes) => collect(streamOf([bytes]).pipeThrough(threaded.sealStream())),
    openStream: (bytes) => collect(streamOf([bytes]).pipeThrough(threaded.openStream())),
  };
  const whole = new Map<string, number>();
  for (const [name, use] of Object.entries(uses)) {
    whole.set(name, (await use(new Uint8Array(long))).length);
    // So many turns of the microtask queue later, somewhere between the steps of the work.
    for (const turns of [0, 1, 2, 5, 10, 20, 40]) {
      const bytes = new Uint8Array(long);
      const using = use(bytes).catch((error: unknown) => error);
      for (let i = 0; i < turns; i++) await Promise.resolve();
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      const result = await using;
      if (result instanceof Uint8Array) {
        // What was taken before is whole.
        expect(result.length, `${name} after ${turns}`).toBe(whole.get(name));
        continue;
      }
      expect(result, `${name} after ${turns}`).toMatchObject({ code: "ERR_BUFFER" });
    }
  }
});

test("a chunk that is transferred away while the reader is slow ends the stream with ERR_BUFFER, and nothing is made of it", async () => {
  const own = envelope(kms, { keyId: "key-fixed", workers: 1 });
  const long = await own.seal(new Uint8Array(16 * 2 ** 20));
  for (const pair of [own.openStream(), own.sealStream()]) {
    const bytes = new Uint8Array(long);
    const writing = pair.writable
      .getWriter()
      .write(bytes)
      .catch((error: unknown) => error);
    const reader = pair.readable.getReader();
    await reader.read();
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    const rest = (async () => {
      for (;;) expect((await reader.read()).value?.length).toBeGreaterThan(16);
    })();
    await expect(rest).rejects.toMatchObject({ code: "ERR_BUFFER" });
    expect(await writing).toMatchObject({ code: "ERR_BUFFER" });
  }
});

test("what is written must be bytes", async () => {
  for (const chunk of ["text", 5, null, new ArrayBuffer(3), new Uint16Array(3)]) {
    const writing = files
      .sealStream()
      .writable.getWriter()
      .write(chunk as never);
    await expect(writing).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  }
});
