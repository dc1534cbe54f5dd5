import { LanelockError } from "lanelock/envelope";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AES_256_GCM, SM4_GCM } from "../../src/envelope/format/suites.ts";
import * as messageKeys from "../../src/envelope/keys/message-keys.ts";
import { nativeCrossover, nativeMaker } from "../../src/envelope/segments/crossover.ts";
import { EngineSegments } from "../../src/envelope/segments/engine-segments.ts";
import { makeSegmentCipher } from "../../src/envelope/segments/make-segment-cipher.ts";
import { NodeSegments } from "../../src/envelope/segments/node-segments.ts";
import { PromotingSegmentCipher } from "../../src/envelope/segments/promoting-segment-cipher.ts";
import { resultBuffer } from "../../src/envelope/segments/result-buffer.ts";
import { WebSegments } from "../../src/envelope/segments/web-segments.ts";
import { PooledSegments } from "../../src/envelope/workers/pooled-segments.ts";
import { WorkerChoice } from "../../src/envelope/workers/worker-choice.ts";

/** A host that lacks a part, or memory. */
const host = vi.hoisted(() => ({ hasNodeCrypto: true, engineFails: undefined as Error | undefined }));
vi.mock("../../src/shared/node-crypto.ts", async (original) => {
  const real = await original<typeof import("../../src/shared/node-crypto.ts")>();
  return { nodeCrypto: () => (host.hasNodeCrypto ? real.nodeCrypto() : undefined) };
});
vi.mock("../../src/envelope/segments/engine-segments.ts", async (original) => {
  const real = await original<typeof import("../../src/envelope/segments/engine-segments.ts")>();
  class Engine extends real.EngineSegments {
    constructor(keys: messageKeys.MessageKeys) {
      if (host.engineFails) throw host.engineFails;
      super(keys);
    }
  }
  return { EngineSegments: Engine };
});
vi.mock("../../src/envelope/keys/message-keys.ts", { spy: true });

// Which cipher a message gets, and what becomes of its keys.

const choices: WorkerChoice[] = [];
afterEach(async () => {
  Object.assign(host, { hasNodeCrypto: true, engineFails: undefined });
  vi.restoreAllMocks();
  for (const choice of choices.splice(0)) await choice.close();
  vi.clearAllMocks();
});

const isZero = (bytes: Uint8Array) => bytes.length > 0 && bytes.every((byte) => byte === 0);
const SEGMENT = 2 ** 16;
const POOLED = 2 ** 20;

function keysOf(suite = AES_256_GCM, segmentSize = SEGMENT): messageKeys.MessageKeys {
  const [segmentKey, noncePrefix] = [new Uint8Array(suite.keyLength).fill(5), new Uint8Array(7).fill(6)];
  return { suite, segmentSize, segmentKey, noncePrefix, commitment: new Uint8Array(32).fill(7) };
}

interface Wanted {
  readonly backend?: "auto" | "native" | "wasm";
  readonly workers?: number;
  readonly length?: number | undefined;
  readonly keys?: messageKeys.MessageKeys;
}

async function cipherFor({ backend = "wasm", workers = 1, length, keys = keysOf() }: Wanted) {
  const choice = new WorkerChoice(workers);
  choices.push(choice);
  return makeSegmentCipher({ backend, workers: choice }, keys, length);
}

async function kindFor(wanted: Wanted): Promise<unknown> {
  const cipher = await cipherFor(wanted);
  cipher.dispose();
  return cipher.constructor;
}

describe("a message is sealed and opened", () => {
  test.each([
    ["by the engine on this thread", { backend: "wasm", length: 2 ** 21 }, EngineSegments],
    ["by node:crypto on this thread", { backend: "native", length: 2 ** 21 }, NodeSegments],
    ["on this thread, for a length not known", { backend: "native" }, NodeSegments],
    ["on this thread, if it is short", { workers: 2, length: POOLED - 1 }, EngineSegments],
    ["on threads, if it is long", { workers: 2, length: POOLED }, PooledSegments],
    ["by node:crypto on threads", { workers: 2, backend: "native", length: POOLED }, PooledSegments],
    ["on this thread at first, if its length is not known", { workers: 2 }, PromotingSegmentCipher],
  ] as const)("%s", async (_, wanted, kind) => {
    expect(await kindFor(wanted)).toBe(kind);
  });

  test.each([
    ["long", POOLED],
    ["of unknown length", undefined],
  ])("by WebCrypto, which has threads of its own: %s", async (_, length) => {
    host.hasNodeCrypto = false;
    expect(await kindFor({ backend: "native", workers: 2, length })).toBe(WebSegments);
  });

  test('under "auto" by what is faster for its largest segment', async () => {
    const size = await nativeCrossover(nativeMaker() as never);
    const faster = (length: number) => (length >= size ? NodeSegments : EngineSegments);
    for (const length of [0, 255, 256, 4_096, 2 ** 17]) {
      expect(await kindFor({ backend: "auto", length }), `${length}`).toBe(faster(Math.min(length, SEGMENT)));
    }
    expect(await kindFor({ backend: "auto" })).toBe(faster(SEGMENT));
    const keys = keysOf(AES_256_GCM, 128);
    expect(await kindFor({ backend: "auto", length: 2 ** 19, keys })).toBe(faster(128));
  });
});

describe("where the engine has no memory for a key", () => {
  const failure = (code: "ERR_WASM" | "ERR_LIMIT" | "ERR_KEY") => new LanelockError(code, "no memory");
  /** Messages so short that the engine is the faster. */
  const short = { backend: "auto", length: 0 } as const;

  test.each(["ERR_WASM", "ERR_LIMIT"] as const)('"auto" takes the platform\'s AES: %s', async (code) => {
    await nativeCrossover(nativeMaker() as never);
    host.engineFails = failure(code);
    expect(await kindFor(short)).toBe(NodeSegments);
  });

  test.each([
    ["of another kind", short, failure("ERR_KEY")],
    ['under "wasm"', { ...short, backend: "wasm" }, failure("ERR_WASM")],
    ["for SM4", { ...short, keys: keysOf(SM4_GCM) }, failure("ERR_WASM")],
  ] as const)("the failure passes %s", async (_, wanted, error) => {
    await nativeCrossover(nativeMaker() as never);
    host.engineFails = error;
    await expect(cipherFor(wanted)).rejects.toBe(error);
  });

  test("the failure passes on a host without ciphers of its own", async () => {
    const error = failure("ERR_WASM");
    Object.assign(host, { engineFails: error, hasNodeCrypto: false });
    vi.stubGlobal("crypto", undefined);
    await expect(cipherFor(short)).rejects.toBe(error);
    vi.unstubAllGlobals();
  });

  /** The keys that a message of unknown length keeps for threads. */
  const kept = () => vi.mocked(messageKeys.wipeMessageKeys).mock.calls.map(([keys]) => keys);

  test("a message that would have moved to threads keeps no keys", async () => {
    host.engineFails = failure("ERR_WASM");
    const keys = keysOf();
    await expect(cipherFor({ workers: 2, keys })).rejects.toBe(host.engineFails);
    expect(kept().map(({ segmentKey, noncePrefix }) => [segmentKey, noncePrefix].map(isZero))).toEqual([[true, true]]);
    expect(isZero(keys.segmentKey)).toBe(false);
  });

  test("nor where WebCrypto, in its place, fails too", async () => {
    const keys = keysOf(AES_256_GCM, 128);
    await nativeCrossover(nativeMaker() as never);
    Object.assign(host, { engineFails: failure("ERR_WASM"), hasNodeCrypto: false });
    const refused = new Error("no memory");
    vi.spyOn(crypto.subtle, "importKey").mockRejectedValue(refused);
    await expect(cipherFor({ backend: "auto", workers: 2, keys })).rejects.toBe(refused);
    expect(kept().map(({ segmentKey, noncePrefix }) => [segmentKey, noncePrefix].map(isZero))).toEqual([[true, true]]);
  });
});

describe("a message of unknown length", () => {
  const batch = (length: number) => ({ bytes: new Uint8Array(length), first: 0, final: false });

  /** A cipher that moves after 100 bytes to another, when it is let. */
  function promoting() {
    const [first, next] = [new EngineSegments(keysOf()), new EngineSegments(keysOf())];
    let let_ = () => {};
    const gate = new Promise<void>((resolve) => {
      let_ = resolve;
    });
    const wipe = vi.fn();
    const promote = vi.fn(async () => {
      await gate;
      return next;
    });
    const cipher = new PromotingSegmentCipher({ first, after: 100, promote, batchSegments: 3, wipe });
    return { cipher, wipe, promote, go: () => let_(), ...{ first, next } };
  }
  const spies = ({ first, next }: { first: EngineSegments; next: EngineSegments }) => ({
    firstDisposed: vi.spyOn(first, "dispose"),
    nextDisposed: vi.spyOn(next, "dispose"),
    firstSeals: vi.spyOn(first, "seal"),
    nextSeals: vi.spyOn(next, "seal"),
  });

  test("moves once it is long enough, and not before; what it does without is disposed of", async () => {
    const all = promoting();
    const { cipher, wipe, promote } = all;
    const { firstDisposed, nextDisposed, firstSeals, nextSeals } = spies(all);
    expect([cipher.batchSegments, cipher.parallelBatches]).toEqual([3, 1]);
    const sealed = await cipher.seal(batch(50));
    expect(cipher.reserve()).toBeUndefined();
    cipher.seal(batch(49));
    expect(cipher.reserve()).toBeUndefined();
    // Bytes that are opened count too, with their tags.
    await cipher.open({ ...batch(0), bytes: sealed });
    const moving = cipher.reserve();
    expect(promote).toHaveBeenCalledTimes(1);
    expect([wipe.mock.calls.length, firstDisposed.mock.calls.length]).toEqual([0, 0]);
    all.go();
    await moving;
    expect([wipe.mock.calls.length, firstDisposed.mock.calls.length, nextDisposed.mock.calls.length]).toEqual([
      1, 1, 0,
    ]);
    expect(cipher.reserve()).toBeUndefined();
    cipher.seal(batch(10));
    expect([firstSeals.mock.calls.length, nextSeals.mock.calls.length, promote.mock.calls.length]).toEqual([2, 1, 1]);
    cipher.dispose();
    expect(nextDisposed).toHaveBeenCalledTimes(1);
  });

  test("of just so many bytes moves", async () => {
    const all = promoting();
    all.cipher.seal(batch(100));
    all.go();
    await all.cipher.reserve();
    expect(all.promote).toHaveBeenCalledTimes(1);
    all.cipher.dispose();
  });

  test("that ends while it moves disposes of both ciphers, and wipes the keys", async () => {
    const all = promoting();
    const { firstDisposed, nextDisposed } = spies(all);
    all.cipher.seal(batch(100));
    const moving = all.cipher.reserve();
    all.cipher.dispose();
    expect([firstDisposed.mock.calls.length, all.wipe.mock.calls.length]).toEqual([1, 1]);
    all.go();
    await moving;
    expect(nextDisposed).toHaveBeenCalledTimes(1);
  });

  test("waits for a place with the cipher that it moved to", async () => {
    const all = promoting();
    let place = false;
    vi.spyOn(all.next, "reserve").mockImplementation(
      (() =>
        new Promise<void>((resolve) => {
          setImmediate(() => {
            place = true;
            resolve();
          });
        })) as never,
    );
    all.cipher.seal(batch(100));
    all.go();
    await all.cipher.reserve();
    expect(place).toBe(true);
    all.cipher.dispose();
  });
});

describe("WebCrypto", () => {
  const bytes = new Uint8Array(100).fill(9);
  const batch = { bytes, first: 0, final: true };

  test("gives its key to nobody", async () => {
    const importing = vi.spyOn(crypto.subtle, "importKey");
    await WebSegments.create(keysOf());
    const [key] = await Promise.all(importing.mock.results.map(({ value }) => value as Promise<CryptoKey>));
    expect([key?.extractable, key?.usages]).toEqual([false, ["encrypt", "decrypt"]]);
    expect(isZero(importing.mock.calls[0]?.[1] as unknown as Uint8Array)).toBe(true);
  });

  test("is given a copy of bytes whose buffer may change its size, which is wiped, and the others as they are", async () => {
    const cipher = await WebSegments.create(keysOf());
    const buffer = Reflect.construct(ArrayBuffer, [100, { maxByteLength: 200 }]) as ArrayBuffer;
    const resizable = new Uint8Array(buffer);
    resizable.set(bytes);
    const wanted = await cipher.seal(batch);
    const encrypt = vi.spyOn(crypto.subtle, "encrypt");
    expect(await cipher.seal(batch)).toEqual(wanted);
    expect(await cipher.seal({ ...batch, bytes: resizable })).toEqual(wanted);
    const [own, copy] = encrypt.mock.calls.map(([, , data]) => data as Uint8Array);
    expect(own?.buffer).toBe(bytes.buffer);
    expect(copy?.buffer).not.toBe(buffer);
    expect([copy?.length, isZero(copy ?? bytes), isZero(resizable)]).toEqual([100, true, false]);
  });

  test("refuses a forgery by the name of its error; any other failure passes unchanged", async () => {
    const cipher = await WebSegments.create(keysOf());
    const sealed = { ...batch, bytes: await cipher.seal(batch) };
    const decrypt = vi.spyOn(crypto.subtle, "decrypt");
    decrypt.mockRejectedValueOnce({ name: "OperationError" });
    await expect(cipher.open(sealed)).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
    for (const failure of [null, undefined, "OperationError", { name: "DataError" }, {}, 5]) {
      decrypt.mockRejectedValueOnce(failure);
      const rejection = await cipher.open(sealed).then(
        () => "opened",
        (error: unknown) => ({ error }),
      );
      expect(rejection).toEqual({ error: failure });
    }
    expect(await cipher.open(sealed)).toEqual(bytes);
  });
});

test("a result that the host cannot hold in one array is ERR_LIMIT, and the host's error its cause", () => {
  expect(() => resultBuffer(Number.MAX_SAFE_INTEGER)).toThrow(
    expect.objectContaining({ code: "ERR_LIMIT", cause: expect.any(RangeError) }),
  );
});
