import { type Envelope, envelope, inspectHeader } from "lanelock/envelope";
import { Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { rootKey } from "../kms/open-kms.ts";
import { seeded } from "../reference/seeded.ts";
import { chunksOf, collect, streamOf } from "./collect.ts";

vi.mock("../../src/shared/timers.ts", () => import("../shared/late-timers.ts"));

// Messages that move to another CMK, in a KMS as it is.

const HEADER = 168;
const refusal = { code: "ERR_AUTHENTICATION" };
const encryptionContext = { table: "orders" };
const plaintext = seeded("rewrap").bytes(200_001);

let kms: Kms;
let [oldId, newId] = ["", ""];
let files: Envelope;
let message: Uint8Array;
beforeAll(async () => {
  kms = await Kms.open({ store: memoryStore(), rootKey, sweepSeconds: false });
  oldId = (await kms.createKey({})).keyMetadata.keyId;
  newId = (await kms.createKey({})).keyMetadata.keyId;
  await kms.createAlias({ aliasName: "alias/new", keyId: newId });
  files = envelope(kms, { keyId: oldId, encryptionContext });
  message = await files.seal(plaintext);
});
afterAll(() => kms.close());

/** Every way there is, with the message in chunks of these lengths. */
const ways: [string, (destination: string, from?: Envelope, what?: Uint8Array) => Promise<Uint8Array>][] = [
  ["whole", (keyId, from = files, what = message) => from.rewrap(what, { keyId })],
  ...[1_000_000, 4_096, 100, 7].map((chunk): (typeof ways)[number] => [
    `as a stream, chunks of ${chunk} bytes`,
    (keyId, from = files, what = message) =>
      collect(streamOf(chunksOf(what, chunk)).pipeThrough(from.rewrapStream({ keyId }))),
  ]),
];

describe.each(ways)("%s", (_, rewrap) => {
  test("the header is new, every byte behind it as it was, and only the new CMK is needed", async () => {
    for (const destination of [newId, "alias/new"]) {
      const moved = await rewrap(destination);
      expect(Buffer.compare(moved.subarray(HEADER - 64), message.subarray(HEADER - 64))).toBe(0);
      expect(moved.subarray(0, 8)).toEqual(message.subarray(0, 8));
      expect(inspectHeader(moved).wrappedKey).not.toEqual(inspectHeader(message).wrappedKey);
      await kms.disableKey({ keyId: oldId });
      try {
        expect(Buffer.compare(await files.open(moved), plaintext)).toBe(0);
        await expect(files.open(message)).rejects.toMatchObject({ code: "Rejected.Disabled" });
      } finally {
        await kms.enableKey({ keyId: oldId });
      }
    }
  });

  test("the context stays: with another, or none, there is nothing to move", async () => {
    for (const context of [undefined, { table: "others" }]) {
      const other = envelope(kms, { encryptionContext: context });
      await expect(rewrap(newId, other)).rejects.toMatchObject(refusal);
    }
    const moved = await rewrap(newId);
    await expect(envelope(kms).open(moved)).rejects.toMatchObject(refusal);
  });

  test("a changed wrapped key, a truncated header, and input that is not a message are refused", async () => {
    const spoilt = message.slice();
    spoilt[100] = (spoilt[100] ?? 0) ^ 1;
    for (const what of [spoilt, new Uint8Array(500), message.slice(0, 100), new Uint8Array(0)]) {
      await expect(rewrap(newId, files, what)).rejects.toMatchObject(refusal);
    }
  });

  test("an unknown destination is named as the mistake", async () => {
    await expect(rewrap("alias/none")).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    await expect(rewrap("key-none")).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
  });

  test("messages of CMKs that are not allowed are not moved", async () => {
    const strict = envelope(kms, { encryptionContext, allowedKeyIds: [newId] });
    await expect(rewrap(newId, strict)).rejects.toMatchObject(refusal);
  });
});

test("the data key never leaves the KMS for it, and a touched segment is found when the message is opened", async () => {
  const [decrypt, generate] = [vi.spyOn(kms, "decrypt"), vi.spyOn(kms, "generateDataKey")];
  const spoilt = message.slice();
  spoilt[HEADER + 5] = (spoilt[HEADER + 5] ?? 0) ^ 1;
  const moved = await files.rewrap(spoilt, { keyId: newId });
  expect([decrypt.mock.calls.length, generate.mock.calls.length]).toEqual([0, 0]);
  vi.restoreAllMocks();
  await expect(files.open(moved)).rejects.toMatchObject(refusal);
});

test("a disabled CMK seals and opens from the cache until maxAge and no longer", async () => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  try {
    const { keyId } = (await kms.createKey({})).keyMetadata;
    await using cached = envelope(kms, { keyId, cache: { maxAge: 5_000 } });
    const sealed = await cached.seal(plaintext.subarray(0, 100));
    await cached.open(sealed);
    await kms.disableKey({ keyId });
    vi.advanceTimersByTime(4_999);
    expect(await cached.open(await cached.seal(plaintext.subarray(0, 100)))).toEqual(plaintext.subarray(0, 100));
    vi.advanceTimersByTime(1);
    await expect(cached.seal(plaintext)).rejects.toMatchObject({ code: "Rejected.Disabled" });
    await expect(cached.open(sealed)).rejects.toMatchObject({ code: "Rejected.Disabled" });
  } finally {
    vi.useRealTimers();
  }
});
