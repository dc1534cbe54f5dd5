import { randomBytes } from "node:crypto";
import { type EnvelopeKms, envelope, inspectHeader } from "lanelock/envelope";
import { Kms, KmsError } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { describe, expect, test, vi } from "vitest";
import { streamOf } from "./collect.ts";
import { FixedKms } from "./fixed-kms.ts";

// Options at their limits, and what rewrap() asks of a KMS and takes from it.

const kms = new FixedKms(new Uint8Array(32).fill(3), new Uint8Array(96).fill(9));
const message = await envelope(kms, { keyId: "key-fixed" }).seal(new Uint8Array(5));

test("segments of 4 KiB and 16 MiB, and 0 and 64 workers, are taken", async () => {
  for (const options of [{ segmentSize: 2 ** 12 }, { segmentSize: 2 ** 24 }, { workers: 0 }, { workers: 64 }]) {
    const files = envelope(kms, { keyId: "key-fixed", ...options });
    expect(await files.open(await files.seal(new Uint8Array(7)))).toEqual(new Uint8Array(7));
    await files.close();
  }
});

test("a header names the version of the CMK, if a KMS of this package wrapped the data key", async () => {
  await using real = await Kms.open({ store: memoryStore(), rootKey: randomBytes(32), sweepSeconds: false });
  const { keyId } = (await real.createKey({})).keyMetadata;
  const { keyVersionId } = await real.generateDataKey({ keyId, numberOfBytes: 32 });
  expect(inspectHeader(await envelope(real, { keyId }).seal(new Uint8Array(5))).keyVersionId).toBe(keyVersionId);
  expect(inspectHeader(message).keyVersionId).toBeUndefined();
});

describe("rewrap()", () => {
  /** A KMS that moves the data key into so many bytes, or does what the test says. */
  function moving(reEncrypt: EnvelopeKms["reEncrypt"] | number) {
    const answer = async () => ({ keyId: "key-fixed", ciphertextBlob: new Uint8Array(Number(reEncrypt)).fill(5) });
    const asking = vi.fn(typeof reEncrypt === "number" ? answer : reEncrypt);
    const describeKey = vi.fn(() => kms.describeKey());
    const own: EnvelopeKms = {
      describeKey,
      generateDataKey: () => kms.generateDataKey(),
      decrypt: (request) => kms.decrypt(request),
      reEncrypt: asking,
    };
    return { files: envelope(own), asking, describeKey };
  }

  test.each([undefined, null, "", 5, {}])("needs the CMK that the message moves to: %o", async (keyId) => {
    const { files, asking } = moving(96);
    await expect(files.rewrap(message, { keyId } as never)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    expect(() => files.rewrapStream({ keyId } as never)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
    expect(asking).not.toHaveBeenCalled();
  });

  test.each([1, 1_024])("takes a data key that is wrapped in %i bytes", async (length) => {
    const moved = await moving(length).files.rewrap(message, { keyId: "k" });
    expect(inspectHeader(moved).wrappedKey).toEqual(new Uint8Array(length).fill(5));
    expect(moved.length).toBe(message.length - 96 + length);
  });

  test.each([0, 1_025])("refuses one that is wrapped in %i bytes", async (length) => {
    const refused = { code: "ERR_UNSUPPORTED", message: expect.stringContaining(`in ${length} bytes`) };
    await expect(moving(length).files.rewrap(message, { keyId: "k" })).rejects.toMatchObject(refused);
  });

  test("gives the KMS its signal, and is given up with it", async () => {
    const { files, asking } = moving(() => new Promise(() => {}));
    const abort = new AbortController();
    const moved = files.rewrap(message, { keyId: "k", signal: abort.signal });
    await vi.waitFor(() => expect(asking).toHaveBeenCalled());
    expect(asking.mock.calls[0]).toEqual([
      expect.objectContaining({ destinationKeyId: "k" }),
      { signal: abort.signal },
    ]);
    abort.abort(new Error("enough"));
    await expect(moved).rejects.toThrow("enough");
  });

  test("asks whose fault a refusal is only where it may be the data key's", async () => {
    const disabled = new KmsError("Rejected.Disabled", "not now");
    const passing = moving(() => Promise.reject(disabled));
    await expect(passing.files.rewrap(message, { keyId: "k" })).rejects.toBe(disabled);
    expect(passing.describeKey).not.toHaveBeenCalled();
    const invalid = new KmsError("InvalidParameter", "not this one");
    const judged = moving(() => Promise.reject(invalid));
    const refused = { code: "ERR_AUTHENTICATION", cause: invalid };
    await expect(judged.files.rewrap(message, { keyId: "k" })).rejects.toMatchObject(refused);
    expect(judged.describeKey.mock.calls).toEqual([[{ keyId: "k" }, { signal: undefined }]]);
  });

  test("as a stream gives no empty pieces", async () => {
    const chunks = [message.subarray(0, 168), new Uint8Array(0), message.subarray(168)];
    const lengths: number[] = [];
    const reader = streamOf(chunks)
      .pipeThrough(moving(96).files.rewrapStream({ keyId: "k" }))
      .getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) lengths.push(piece.value.length);
    expect(lengths).toEqual([168, message.length - 168]);
  });
});
