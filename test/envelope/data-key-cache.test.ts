import { envelope } from "lanelock/envelope";
import { afterEach, describe, expect, test, vi } from "vitest";
import { collect, streamOf } from "./collect.ts";
import { FixedKms } from "./fixed-kms.ts";

vi.mock("../../src/shared/timers.ts", () => import("../shared/late-timers.ts"));

// Every limit of the data-key cache, and who asks the KMS how often.

class CountingKms extends FixedKms {
  /** Calls wait here until they are let go. */
  gate: Promise<void> = Promise.resolve();
  running = 0;
  atOnce = 0;

  constructor(keySpec?: string) {
    super(new Uint8Array(32).fill(3), new Uint8Array(96).fill(9), keySpec);
  }

  count(name: string): number {
    return this.calls.filter((call) => call === name).length;
  }

  override async describeKey() {
    return this.#behindTheGate(await super.describeKey());
  }

  override async generateDataKey() {
    return this.#behindTheGate(await super.generateDataKey());
  }

  override async decrypt(request: { readonly ciphertextBlob: Uint8Array }) {
    return this.#behindTheGate(await super.decrypt(request));
  }

  async #behindTheGate<T>(answer: T): Promise<T> {
    this.running += 1;
    this.atOnce = Math.max(this.atOnce, this.running);
    await this.gate;
    this.running -= 1;
    return answer;
  }
}

const keyId = "key-fixed";
const wiped = (key: Uint8Array | undefined) => key?.every((byte) => byte === 0);
const some = (length: number) => new Uint8Array(length).fill(1);

afterEach(() => {
  vi.useRealTimers();
});

test("without a cache every message has a data key of its own, wiped at once", async () => {
  const kms = new CountingKms();
  const files = envelope(kms, { keyId });
  const message = await files.seal(some(10));
  await files.seal(some(10));
  await files.open(message);
  expect([kms.count("generateDataKey"), kms.count("decrypt"), kms.count("describeKey")]).toEqual([2, 1, 1]);
  await vi.waitFor(() => expect(kms.handedOut.every(wiped)).toBe(true));
});

test("maxMessages: the message after the last that is allowed gets a new data key, the old one wiped", async () => {
  const kms = new CountingKms();
  const files = envelope(kms, { keyId, cache: { maxMessages: 3 } });
  for (let i = 0; i < 7; i++) await files.seal(some(10));
  expect(kms.count("generateDataKey")).toBe(3);
  expect(kms.handedOut.map(wiped)).toEqual([true, true, false]);
  const message = await files.seal(some(10));
  for (let i = 0; i < 4; i++) await files.open(message);
  expect(kms.count("decrypt")).toBe(2);
  await files.close();
  expect(kms.handedOut.every(wiped)).toBe(true);
});

describe("maxBytes", () => {
  test("bytes of plaintext are counted, and the limit itself may be reached", async () => {
    const kms = new CountingKms();
    const files = envelope(kms, { keyId, cache: { maxBytes: 100 } });
    await files.seal(some(60));
    await files.seal(some(40));
    expect(kms.count("generateDataKey")).toBe(1);
    await files.seal(some(1));
    expect(kms.count("generateDataKey")).toBe(2);
    expect(kms.handedOut.map(wiped)).toEqual([true, false]);
  });

  test("a message too large for any data key gets its own, and costs the others nothing", async () => {
    const kms = new CountingKms();
    const files = envelope(kms, { keyId, cache: { maxBytes: 100 } });
    await files.seal(some(10));
    await files.seal(some(101));
    expect(kms.handedOut.map(wiped)).toEqual([false, true]);
    await files.seal(some(10));
    expect(kms.count("generateDataKey")).toBe(2);
  });

  test("a message that is opened as a stream counts as its bytes come", async () => {
    const kms = new CountingKms();
    const message = await envelope(kms, { keyId, segmentSize: 4_096 }).seal(some(10_000));
    kms.handedOut.length = 0;
    const files = envelope(kms, { cache: { maxBytes: 25_000 } });
    const open = (bytes: Uint8Array) => collect(streamOf([bytes]).pipeThrough(files.openStream()));
    await open(message);
    await files.open(message);
    expect([kms.count("decrypt"), kms.handedOut.map(wiped)]).toEqual([1, [false]]);
    // It goes beyond the limit, and the data key with it; the message itself is opened to its end.
    expect((await open(message)).length).toBe(10_000);
    expect([kms.count("decrypt"), kms.handedOut.map(wiped)]).toEqual([1, [true]]);
    await open(message);
    expect([kms.count("decrypt"), kms.handedOut.map(wiped)]).toEqual([2, [true, false]]);
  });

  test("a stream of unknown length uses no cached data key, one of known length does", async () => {
    const kms = new CountingKms();
    const files = envelope(kms, { keyId, cache: true });
    await files.seal(some(10));
    await collect(streamOf([some(10)]).pipeThrough(files.sealStream({ length: 10 })));
    expect(kms.count("generateDataKey")).toBe(1);
    await collect(streamOf([some(10)]).pipeThrough(files.sealStream()));
    expect(kms.count("generateDataKey")).toBe(2);
  });
});

test("maxAge counts from the request: used before, replaced after, wiped even without another request", async () => {
  vi.useFakeTimers();
  const kms = new CountingKms();
  const files = envelope(kms, { keyId, cache: { maxAge: 1_000 } });
  await files.seal(some(10));
  vi.advanceTimersByTime(999);
  await files.seal(some(10));
  expect(kms.count("generateDataKey")).toBe(1);
  vi.advanceTimersByTime(1);
  await files.seal(some(10));
  expect(kms.count("generateDataKey")).toBe(2);
  vi.advanceTimersByTime(1_001);
  expect(kms.handedOut.map(wiped)).toEqual([true, true]);
  expect(vi.getTimerCount()).toBe(0);
});

test("maxEntries: the longest unused goes first", async () => {
  const kms = new CountingKms();
  const sealing = envelope(kms, { keyId });
  const messages = [await sealing.seal(some(1)), await sealing.seal(some(2))];
  kms.calls.length = 0;
  kms.handedOut.length = 0;
  const opening = envelope(kms, { keyId, cache: { maxEntries: 1 } });
  await opening.open(messages[0] ?? some(0));
  await opening.seal(some(1));
  expect(kms.handedOut.map(wiped)).toEqual([true, false]);
  await opening.open(messages[1] ?? some(0));
  expect(kms.count("decrypt")).toBe(2);
  expect(kms.handedOut.map(wiped)).toEqual([true, true, false]);
});

test("at the least of every limit, a message is still sealed under the data key that the KMS gave", async () => {
  const kms = new CountingKms();
  const least = { maxMessages: 1, maxBytes: 1, maxEntries: 1, maxAge: Number.MIN_VALUE };
  const files = envelope(kms, { keyId, cache: least });
  for (const length of [0, 1, 2]) {
    expect(await envelope(kms, { keyId }).open(await files.seal(some(length)))).toEqual(some(length));
  }
});

test("concurrent misses make one call to the KMS, and close() wipes what it gave", async () => {
  const kms = new CountingKms();
  const files = envelope(kms, { keyId, cache: true });
  const messages = await Promise.all(Array.from({ length: 50 }, () => files.seal(some(10))));
  expect(kms.count("generateDataKey")).toBe(1);
  const fresh = envelope(kms, { cache: true });
  await Promise.all(messages.map((message) => fresh.open(message)));
  expect(kms.count("decrypt")).toBe(1);
  await Promise.all([files.close(), fresh.close()]);
  expect(kms.handedOut.every(wiped)).toBe(true);
});

test.each([{ cache: true }, { cache: false }])("concurrent messages describe their CMK once: %o", async (options) => {
  const kms = new CountingKms();
  const files = envelope(kms, { keyId, ...options });
  await Promise.all(Array.from({ length: 20 }, () => files.seal(some(10))));
  expect(kms.count("describeKey")).toBe(1);
});

test("an alias is asked for again by the next message, as it may have moved", async () => {
  const kms = new CountingKms();
  const files = envelope(kms, { keyId: "alias/files", cache: true });
  await Promise.all([files.seal(some(1)), files.seal(some(1))]);
  await files.seal(some(1));
  expect([kms.count("describeKey"), kms.count("generateDataKey")]).toEqual([2, 1]);
});

test("one that gives up leaves the others waiting, and the last takes the call with it", async () => {
  const kms = new CountingKms();
  let open = () => {};
  kms.gate = new Promise((resolve) => {
    open = resolve;
  });
  const files = envelope(kms, { keyId, cache: true });
  const [first, second] = [new AbortController(), new AbortController()];
  const sealing = [
    files.seal(some(1), { signal: first.signal }),
    files.seal(some(1), { signal: second.signal }),
    files.seal(some(1)),
  ];
  first.abort(new Error("first gave up"));
  await expect(sealing[0]).rejects.toThrow("first gave up");
  second.abort(new Error("second gave up"));
  await expect(sealing[1]).rejects.toThrow("second gave up");
  open();
  await sealing[2];
  expect(kms.count("generateDataKey")).toBe(1);
});

test("a data key that comes after everybody left is wiped and not kept", async () => {
  const kms = new CountingKms();
  const files = envelope(kms, { keyId, cache: true });
  await files.seal(some(1));
  await files.close();
  const late = envelope(kms, { keyId, cache: true });
  let open = () => {};
  kms.gate = new Promise((resolve) => {
    open = resolve;
  });
  const abort = new AbortController();
  const sealing = late.seal(some(1), { signal: abort.signal });
  sealing.catch(() => {});
  abort.abort(new Error("gave up"));
  await expect(sealing).rejects.toThrow("gave up");
  open();
  await vi.waitFor(() => expect(kms.handedOut.every(wiped)).toBe(true));
});

test("a refusal is everybody's who waited, and is not kept", async () => {
  const kms = new CountingKms();
  const files = envelope(kms, { keyId, cache: true });
  const refuse = vi.spyOn(kms, "generateDataKey").mockRejectedValueOnce(new Error("not now"));
  const sealing = [files.seal(some(1)), files.seal(some(1))];
  for (const one of sealing) await expect(one).rejects.toThrow("not now");
  await files.seal(some(1));
  expect(refuse).toHaveBeenCalledTimes(2);
});

test("contexts and suites have data keys of their own", async () => {
  const aes = new CountingKms();
  for (const encryptionContext of [undefined, { a: "1" }, { a: "2" }]) {
    const files = envelope(aes, { keyId, encryptionContext, cache: true });
    await files.open(await files.seal(some(1)));
  }
  expect([aes.count("generateDataKey"), aes.count("decrypt")]).toEqual([3, 3]);
});

test("a cached data key is not used for a CMK that is not allowed", async () => {
  const kms = new CountingKms();
  const message = await envelope(kms, { keyId }).seal(some(1));
  const files = envelope(kms, { keyId, cache: true, allowedKeyIds: ["key-other"] });
  for (let i = 0; i < 2; i++) {
    await expect(files.open(message)).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
  }
});
