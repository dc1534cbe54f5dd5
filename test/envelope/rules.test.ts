import { randomBytes } from "node:crypto";
import { runInNewContext } from "node:vm";
import { type EnvelopeKms, envelope } from "lanelock/envelope";
import { Kms, KmsError } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { describe, expect, test } from "vitest";
import { slotsInUse } from "../../src/engine/slots.ts";
import { parseHeader } from "../../src/envelope/format/header.ts";
import { DataKeyCache } from "../../src/envelope/keys/data-key-cache.ts";
import { DataKeys } from "../../src/envelope/keys/data-keys.ts";
import type { RangeSource } from "../../src/envelope/ranges/range-source.ts";
import { SegmentSplitter } from "../../src/envelope/streams/segment-splitter.ts";
import { SegmentService } from "../../src/envelope/workers/segment-service.ts";
import { collect, streamOf } from "./collect.ts";
import { FixedKms } from "./fixed-kms.ts";
import { contextDigestOf, deriveKeys, independentSeal, nonceOf, sealSegment } from "./independent-format.ts";

// Rules that a single wrong line would break, each stated by a test of its own.

const SEGMENT = 4_096;
const UNIT = SEGMENT + 16;
const HEADER = 168;
const dataKey = new Uint8Array(32).fill(3);
const wrappedKey = new Uint8Array(96).fill(9);
const kms = new FixedKms(dataKey, wrappedKey);
const files = envelope(kms, { keyId: "key-fixed", segmentSize: SEGMENT });
const refusal = { code: "ERR_AUTHENTICATION" };

test("the last segment is verified again when a source holds another message of the same size", async () => {
  const [first, second] = [
    await files.seal(new Uint8Array(3 * SEGMENT)),
    await files.seal(new Uint8Array(3 * SEGMENT)),
  ];
  let content = first;
  const source: RangeSource = {
    stat: async () => ({ size: content.length }),
    read: async (buffer, offset, length, position) => {
      buffer.set(content.subarray(position, position + length), offset);
      return { bytesRead: Math.min(length, content.length - position) };
    },
  };
  expect(await files.openRange(source, 0, 5)).toEqual(new Uint8Array(5));
  content = second.slice();
  content[content.length - 1] = (content.at(-1) ?? 0) ^ 1;
  await expect(files.openRange(source, 0, 5)).rejects.toMatchObject(refusal);
  content = second;
  expect(await files.openRange(source, 0, 5)).toEqual(new Uint8Array(5));
});

describe.each([1, 2])("an empty last segment after %i others is refused, although its tag is right", (others) => {
  const input = { suite: 1, segmentSizeLog2: 12, dataKey, wrappedKey, salt: new Uint8Array(32), context: null };
  const { segmentKey, noncePrefix } = deriveKeys(input);
  const head = independentSeal({ ...input, plaintext: new Uint8Array(0) }).subarray(0, HEADER);
  const segments = Array.from({ length: others }, (_, i) =>
    sealSegment(1, segmentKey, nonceOf(noncePrefix, i, false), new Uint8Array(SEGMENT)),
  );
  const empty = sealSegment(1, segmentKey, nonceOf(noncePrefix, others, true), new Uint8Array(0));
  const message = new Uint8Array(Buffer.concat([head, ...segments, empty]));

  test.each([1, 16, UNIT, UNIT + 1, 1_000_000])("as a stream, in chunks of %i bytes", async (chunk) => {
    const chunks = Array.from({ length: Math.ceil(message.length / chunk) }, (_, i) =>
      message.slice(i * chunk, (i + 1) * chunk),
    );
    const reader = streamOf(chunks).pipeThrough(files.openStream()).getReader();
    const all = async () => {
      while (!(await reader.read()).done);
    };
    await expect(all()).rejects.toMatchObject(refusal);
  });

  test("whole, and by ranges", async () => {
    await expect(files.open(message)).rejects.toMatchObject(refusal);
    await expect(files.openRange(message, 0, 1)).rejects.toMatchObject(refusal);
  });

  test("while an empty message that is one segment opens", async () => {
    const alone = independentSeal({ ...input, plaintext: new Uint8Array(0) });
    expect(await collect(streamOf([alone]).pipeThrough(files.openStream()))).toEqual(new Uint8Array(0));
  });
});

test("plaintext that is held back is wiped where it was when its buffer grows", () => {
  const splitter = new SegmentSplitter(2 ** 20, 1);
  expect([...splitter.batches(new Uint8Array(10).fill(7))]).toEqual([]);
  const { bytes } = splitter.rest();
  expect(bytes).toEqual(new Uint8Array(10).fill(7));
  expect([...splitter.batches(new Uint8Array(70_000).fill(8))]).toEqual([]);
  expect(bytes).toEqual(new Uint8Array(10));
  const grown = splitter.rest().bytes;
  expect([grown.length, grown[0], grown[9], grown[10]]).toEqual([70_010, 7, 7, 8]);
  splitter.wipe();
  expect(grown.every((byte) => byte === 0)).toBe(true);
});

test("a cached data key of one encryption context is never used under another", async () => {
  const cache = new DataKeyCache({});
  const asked: unknown[] = [];
  const listening: EnvelopeKms = {
    describeKey: () => kms.describeKey(),
    generateDataKey: () => kms.generateDataKey(),
    decrypt: (request) => {
      asked.push(request.encryptionContext);
      return kms.decrypt(request);
    },
    reEncrypt: () => kms.reEncrypt(),
  };
  const contexts = [{ tenant: "1" }, { tenant: "2" }];
  const header = parseHeader((await files.seal(new Uint8Array(1))).subarray(0, HEADER));
  const under = contexts.map(
    (encryptionContext) =>
      new DataKeys({
        wrappedKeyLength: 96,
        kms: listening,
        keyId: undefined,
        encryptionContext,
        contextDigest: new Uint8Array(contextDigestOf(encryptionContext)),
        allowedKeyIds: undefined,
        cache,
      }),
  );
  const use = { bytes: 1, signal: undefined, use: () => "used" };
  for (const keys of [...under, ...under]) expect(await keys.forOpening(header, use)).toBe("used");
  expect(asked).toEqual(contexts);
  cache.close();
});

describe("a worker thread", () => {
  const keys = (backend: "wasm" | "native") => {
    const secret = new Uint8Array(39).fill(5).buffer;
    return { kind: "keys", message: 1, suite: 1, segmentSize: SEGMENT, backend, secret } as const;
  };
  const isZero = (buffer: ArrayBuffer) => new Uint8Array(buffer).every((byte) => byte === 0);

  test.each(["wasm", "native"] as const)("wipes the secret that it was sent once it has the keys: %s", (backend) => {
    const service = new SegmentService();
    const request = keys(backend);
    expect(service.handle(request)).toBeUndefined();
    expect(isZero(request.secret)).toBe(true);
    service.handle({ kind: "forget", message: 1 });
  });

  test("disposes of the cipher of a message that is forgotten, and answers no more for it", () => {
    const service = new SegmentService();
    expect(service.ready()).toEqual({ kind: "ready", engineFailure: undefined });
    const before = slotsInUse().length;
    service.handle(keys("wasm"));
    expect(slotsInUse().length).toBe(before + 1);
    service.handle({ kind: "forget", message: 1 });
    expect(slotsInUse().length).toBe(before);
    const bytes = new ArrayBuffer(UNIT);
    const request = { kind: "seal", message: 1, batch: 7, first: 0, final: true, bytes } as const;
    expect(service.handle(request)).toMatchObject({ kind: "failed", batch: 7, failure: { code: "ERR_STATE" } });
  });
});

describe("a KMS of another copy of the package", () => {
  /** As `KmsError` of the other copy: the same codes and fields, another class. */
  class OtherCopysError extends Error {
    override readonly name = "KmsError";
    readonly code: string;
    readonly httpStatus: number;
    constructor(error: KmsError) {
      super(error.message);
      this.code = error.code;
      this.httpStatus = error.httpStatus;
    }
  }

  async function otherCopy() {
    const real = await Kms.open({ store: memoryStore(), rootKey: randomBytes(32) });
    const translate =
      <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) =>
      (...args: Args): Promise<T> =>
        call(...args).catch((error) => {
          throw error instanceof KmsError ? new OtherCopysError(error) : error;
        });
    const { keyId } = (await real.createKey({})).keyMetadata;
    const other: EnvelopeKms = {
      describeKey: translate((request) => real.describeKey(request)),
      generateDataKey: translate((request) => real.generateDataKey(request)),
      decrypt: translate((request) => real.decrypt(request)),
      reEncrypt: translate((request) => real.reEncrypt(request)),
    };
    return { real, other, keyId };
  }

  test("a wrong context, a wrapped key that was changed and one of another KMS are ERR_AUTHENTICATION", async () => {
    const { real, other, keyId } = await otherCopy();
    await using closing = real;
    const message = await envelope(other, { keyId, encryptionContext: { a: "1" } }).seal(new Uint8Array(5));
    const wrong = envelope(other, { encryptionContext: { a: "2" } });
    for (const use of [() => wrong.open(message), () => wrong.rewrap(message, { keyId })]) {
      await expect(use()).rejects.toMatchObject({ ...refusal, cause: { code: "InvalidParameter" } });
    }
    const elsewhere = await otherCopy();
    await using closingToo = elsewhere.real;
    const foreign = envelope(elsewhere.other, { encryptionContext: { a: "1" } });
    await expect(foreign.open(message)).rejects.toMatchObject(refusal);
    expect([closing, closingToo].length).toBe(2);
  });

  test("errors for a key state and an unknown destination pass unchanged", async () => {
    const { real, other, keyId } = await otherCopy();
    await using closing = real;
    const use = envelope(other, { keyId });
    const message = await use.seal(new Uint8Array(5));
    await expect(use.rewrap(message, { keyId: "key-unknown" })).rejects.toMatchObject({
      code: "Forbidden.KeyNotFound",
    });
    await closing.disableKey({ keyId });
    await expect(use.open(message)).rejects.toMatchObject({ code: "Rejected.Disabled" });
  });

  test("promises and bytes of another realm are taken", async () => {
    const foreign = runInNewContext(`({
      describeKey: async () => ({ keyMetadata: { keyId: "k", keySpec: "Aliyun_AES_256" } }),
      generateDataKey: async () => ({ keyId: "k", plaintext: new Uint8Array(32), ciphertextBlob: new Uint8Array(96) }),
      decrypt: async () => ({ keyId: "k", plaintext: new Uint8Array(32) }),
      reEncrypt: async () => ({ keyId: "k", ciphertextBlob: new Uint8Array(96) }),
    })`) as EnvelopeKms;
    for (const cache of [true, false]) {
      await using own = envelope(foreign, { keyId: "k", cache });
      const message = await own.seal(runInNewContext("Uint8Array.of(1, 2, 3)"));
      expect(await own.open(message)).toEqual(Uint8Array.of(1, 2, 3));
      expect((await own.rewrap(message, { keyId: "k" })).length).toBe(message.length);
    }
  });
});

test("a wrapped key in another encoding is another message: it does not open", async () => {
  await using real = await Kms.open({ store: memoryStore(), rootKey: randomBytes(32) });
  const { keyId } = (await real.createKey({})).keyMetadata;
  const own = envelope(real, { keyId });
  const message = await own.seal(new Uint8Array(100));
  const wrapped = message.subarray(8, 104);
  // "$" ‖ padding 0 ‖ algorithm 2 (AES_GCM) in front: the layout that says what it is.
  const described = Buffer.concat([Buffer.of(0x24, 0x00, 0x02), wrapped]);
  const length = Buffer.of(described.length >> 8, described.length & 255);
  const other = Buffer.concat([message.subarray(0, 6), length, described, message.subarray(104)]);
  await expect(own.open(other)).rejects.toMatchObject(refusal);
  await expect(own.openRange(other, 0, 1)).rejects.toMatchObject(refusal);
  await expect(own.rewrap(other, { keyId })).rejects.toMatchObject(refusal);
});

describe("Blobs and signals of other realms", () => {
  /** Another implementation's, as jsdom's and Node's are to each other. */
  class OtherBlob {
    readonly #blob: Blob;
    readonly size: number;
    constructor(bytes: Uint8Array) {
      this.#blob = new Blob([new Uint8Array(bytes)]);
      this.size = this.#blob.size;
    }
    slice(start: number, end: number) {
      return this.#blob.slice(start, end);
    }
    arrayBuffer() {
      return this.#blob.arrayBuffer();
    }
  }

  test("openRange reads a Blob that is no instance of the global one", async () => {
    const message = await files.seal(new Uint8Array(9_000).fill(6));
    const blob = new OtherBlob(message) as unknown as Blob;
    expect(blob instanceof Blob).toBe(false);
    expect(await files.openRange(blob, 5_000, 3)).toEqual(new Uint8Array(3).fill(6));
  });

  test("a signal that is no instance of the global one ends the work", async () => {
    const target = new EventTarget();
    const signal = Object.assign(target, { aborted: false, reason: undefined as unknown });
    const never: EnvelopeKms = {
      ...kms,
      describeKey: () => kms.describeKey(),
      decrypt: () => new Promise(() => {}),
    } as never;
    const waiting = envelope(Object.assign(Object.create(kms), never), {}).open(await files.seal(new Uint8Array(1)), {
      signal: signal as unknown as AbortSignal,
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    Object.assign(signal, { aborted: true, reason: new Error("enough") });
    target.dispatchEvent(new Event("abort"));
    await expect(waiting).rejects.toThrow("enough");
  });
});
