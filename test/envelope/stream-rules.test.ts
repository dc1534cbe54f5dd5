import { type EnvelopeKms, envelope } from "lanelock/envelope";
import { afterEach, describe, expect, test, vi } from "vitest";
import { EngineSegments } from "../../src/envelope/segments/engine-segments.ts";
import { OrderedResults } from "../../src/envelope/streams/ordered-results.ts";
import { SegmentSplitter } from "../../src/envelope/streams/segment-splitter.ts";
import { seeded } from "../reference/seeded.ts";
import { collect, streamOf } from "./collect.ts";
import { FixedKms } from "./fixed-kms.ts";

// What a pair of streams does for its reader and its writer, and what it needs of the host.

const SEGMENT = 4_096;
const UNIT = SEGMENT + 16;
const kms = new FixedKms(new Uint8Array(32).fill(3), new Uint8Array(96).fill(9));
const files = envelope(kms, { keyId: "key-fixed", segmentSize: SEGMENT, backend: "wasm", workers: 1 });
const plaintext = seeded("stream rules").bytes(3 * SEGMENT + 5);
const message = await files.seal(plaintext);
const reason = new Error("enough");

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};
/** What a promise has come to some turns later. */
const stateOf = (promise: Promise<unknown>, count = 3) =>
  Promise.race([
    promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
    turns(count).then(() => "pending"),
  ]);

describe("results that wait for the reader", () => {
  const bytes = (value: number) => Uint8Array.of(value);

  test("have space up to the capacity; a writer waits for more until the reader takes one", async () => {
    const results = new OrderedResults();
    expect(results.space()).toBeUndefined();
    results.put(bytes(1));
    expect(await stateOf(results.space() ?? Promise.resolve())).toBe("pending");
    results.capacity = 3;
    expect(results.space()).toBeUndefined();
    results.put(Promise.resolve(bytes(2)));
    expect(results.space()).toBeUndefined();
    results.put(bytes(3));
    const waiting = results.space() as Promise<void>;
    expect(await stateOf(waiting)).toBe("pending");
    expect(await results.take()).toEqual(bytes(1));
    expect(await stateOf(waiting)).toEqual({ value: undefined });
    results.end();
    expect([await results.take(), await results.take(), await results.take()]).toEqual([bytes(2), bytes(3), undefined]);
  });

  test("reach a reader who was there first", async () => {
    const results = new OrderedResults();
    const taking = results.take();
    expect(await stateOf(taking)).toBe("pending");
    results.put(bytes(1));
    expect(await stateOf(taking)).toEqual({ value: bytes(1) });
    const last = results.take();
    expect(await stateOf(last)).toBe("pending");
    results.end();
    expect(await stateOf(last)).toEqual({ value: undefined });
  });

  test.each(["fail()", "a result that fails"])(
    "are dropped by %s: the reader and the writer get its reason",
    async (way) => {
      const results = new OrderedResults();
      let refuse = (_: unknown) => {};
      results.put(
        new Promise<never>((_, reject) => {
          refuse = reject;
        }),
      );
      const [taking, space, settled] = [results.take(), results.space() as Promise<void>, results.settled()];
      for (const waiting of [taking, space, settled]) expect(await stateOf(waiting)).toBe("pending");
      if (way === "fail()") results.fail(reason);
      refuse(reason);
      for (const waiting of [taking, space, settled]) expect(await stateOf(waiting)).toEqual({ error: reason });
      // So does every later call, and only the first reason counts.
      results.fail(new Error("another"));
      for (const call of [results.take(), results.space() as Promise<void>, results.settled()]) {
        expect(await stateOf(call)).toEqual({ error: reason });
      }
    },
  );

  test("are not given to the reader if another failed while it was awaited", async () => {
    const results = new OrderedResults();
    let give = (_: Uint8Array<ArrayBuffer>) => {};
    results.put(
      new Promise((resolve) => {
        give = resolve;
      }),
    );
    const [taking, settled] = [results.take(), results.settled()];
    results.fail(reason);
    give(bytes(1));
    expect(await stateOf(taking)).toEqual({ error: reason });
    expect(await stateOf(settled)).toEqual({ error: reason });
  });

  test("a reader or a writer who waits is told of a failure", async () => {
    const [empty, full] = [new OrderedResults(), new OrderedResults()];
    full.put(bytes(1));
    const [taking, space] = [empty.take(), full.space() as Promise<void>];
    await turns(1);
    for (const results of [empty, full]) results.fail(reason);
    expect([await stateOf(taking), await stateOf(space)]).toEqual([{ error: reason }, { error: reason }]);
  });

  test("are settled when all are there", async () => {
    const results = new OrderedResults();
    results.capacity = 2;
    let give = (_: Uint8Array<ArrayBuffer>) => {};
    results.put(bytes(1));
    results.put(
      new Promise((resolve) => {
        give = resolve;
      }),
    );
    const settled = results.settled();
    expect(await stateOf(settled)).toBe("pending");
    give(bytes(2));
    expect(await stateOf(settled)).toEqual({ value: undefined });
  });
});

describe("a pair of streams", () => {
  test("seals and opens nothing until somebody reads", async () => {
    for (const [pair, input, act] of [
      [files.sealStream(), plaintext, vi.spyOn(EngineSegments.prototype, "seal")],
      [files.openStream(), message.subarray(0, 168), vi.spyOn(EngineSegments.prototype, "open")],
    ] as const) {
      const writing = pair.writable.getWriter().write(input);
      writing.catch(() => {});
      await turns(5);
      expect(act).not.toHaveBeenCalled();
      await pair.readable.cancel(reason);
    }
  });

  test.each(["ReadableStream", "WritableStream"])("comes from Node where the global %s is hidden", async (name) => {
    vi.stubGlobal(name, undefined);
    const [sealing, opening] = [files.sealStream(), files.openStream()];
    vi.unstubAllGlobals();
    const sealed = await collect(streamOf([plaintext]).pipeThrough(sealing));
    expect(Buffer.compare(await collect(streamOf([sealed]).pipeThrough(opening)), plaintext)).toBe(0);
  });

  test("is of the host's own classes where it has them", () => {
    class OwnReadable extends (ReadableStream as new (source: object, strategy: object) => object) {}
    class OwnWritable extends WritableStream {}
    vi.stubGlobal("ReadableStream", OwnReadable);
    vi.stubGlobal("WritableStream", OwnWritable);
    const { readable, writable } = files.sealStream();
    expect([readable, writable].map((side) => side.constructor)).toEqual([OwnReadable, OwnWritable]);
  });

  test("is ERR_UNSUPPORTED on a host without web streams", () => {
    vi.stubGlobal("ReadableStream", undefined);
    vi.stubGlobal("process", {});
    const make = () => files.sealStream();
    let thrown: unknown;
    try {
      make();
    } catch (error) {
      thrown = error;
    }
    vi.unstubAllGlobals();
    expect(thrown).toMatchObject({ code: "ERR_UNSUPPORTED" });
  });

  test.each(["seal", "open"] as const)("that is aborted gives up its call to the KMS: %s", async (way) => {
    const signals: (AbortSignal | undefined)[] = [];
    const ask = (_: unknown, options?: { readonly signal?: AbortSignal | undefined }) => {
      signals.push(options?.signal);
      return new Promise<never>(() => {});
    };
    const silent: EnvelopeKms = {
      describeKey: () => kms.describeKey(),
      generateDataKey: ask,
      decrypt: ask,
      reEncrypt: ask,
    };
    for (const cache of [true, false]) {
      const own = envelope(silent, { keyId: "key-fixed", cache });
      const abort = new AbortController();
      const options = { signal: abort.signal };
      const pair = way === "seal" ? own.sealStream({ ...options, length: 5 }) : own.openStream(options);
      const writing = pair.writable.getWriter().write(way === "seal" ? new Uint8Array(5) : message);
      writing.catch(() => {});
      await vi.waitFor(() => expect(signals.length).toBe(1));
      expect(signals[0]?.aborted).toBe(false);
      abort.abort(reason);
      await expect(writing).rejects.toBe(reason);
      await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true));
      signals.length = 0;
    }
  });
});

describe("a length that was promised", () => {
  test("is refused at once if no message can have it", () => {
    expect(() => files.sealStream({ length: 2 ** 53 - 1 })).toThrow(expect.objectContaining({ code: "ERR_LIMIT" }));
    expect(() => files.sealStream({ length: 0 })).not.toThrow();
  });

  test("fails the very write that goes beyond it", async () => {
    const pair = files.sealStream({ length: 10 });
    const reading = pair.readable.getReader();
    const writer = pair.writable.getWriter();
    await Promise.all([writer.write(new Uint8Array(10)), reading.read()]);
    const refused = { code: "ERR_LENGTH" };
    writer.closed.catch(() => {});
    await expect(writer.write(new Uint8Array(1))).rejects.toMatchObject(refused);
    await expect(reading.read()).rejects.toMatchObject(refused);
  });

  test("and was written is taken, whole and in parts", async () => {
    for (const chunks of [[plaintext], [plaintext.subarray(0, 5), plaintext.subarray(5)]]) {
      const sealed = await collect(streamOf(chunks).pipeThrough(files.sealStream({ length: plaintext.length })));
      expect(Buffer.compare(await files.open(sealed), plaintext)).toBe(0);
    }
  });
});

describe("the last segment index that a message may have", () => {
  const MAX_SEGMENTS = 2 ** 32 - 1;

  test.each([
    [1, 1, true],
    [2, 2, true],
    [1, 2, false],
    [0, 1, false],
  ])("%i before the end, %i segments more: opened %s", async (before, count, isOpened) => {
    const first = MAX_SEGMENTS - before;
    vi.spyOn(SegmentSplitter.prototype, "batches").mockImplementation(function* () {
      yield { bytes: new Uint8Array(count * UNIT), first, final: false };
    });
    const open = vi.spyOn(EngineSegments.prototype, "open");
    // No message is that long; what comes from here is not authentic in any case.
    await expect(collect(streamOf([message]).pipeThrough(files.openStream()))).rejects.toMatchObject({
      code: "ERR_AUTHENTICATION",
    });
    expect(open.mock.calls.length).toBe(isOpened ? 1 : 0);
  });
});
