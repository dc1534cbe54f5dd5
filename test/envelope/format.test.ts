import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { envelope, inspectHeader, LanelockError } from "lanelock/envelope";
import { describe, expect, test } from "vitest";
import { collect, streamOf } from "./collect.ts";
import { FixedKms } from "./fixed-kms.ts";
import { contextDigestOf, deriveKeys, independentOpen, independentSeal } from "./independent-format.ts";
import { type EnvelopeVectors, makeVectors, vectorPlaintext } from "./vector-cases.ts";

const file = new URL("../vectors/envelope/envelope.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as EnvelopeVectors;
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

test("the file is what the independent implementation prints", () => {
  expect(vectors).toEqual(makeVectors());
  expect([vectors.messages.length, vectors.refused.length]).toEqual([20, 17]);
});

describe.each(vectors.messages)("$name", (vector) => {
  const { context, suite, segmentSizeLog2, plaintextLength } = vector;
  const [dataKey, wrappedKey, salt] = [bytes(vector.dataKey), bytes(vector.wrappedKey), bytes(vector.salt)];
  const plaintext = vectorPlaintext(plaintextLength);
  const keys = { suite, segmentSizeLog2, dataKey, wrappedKey, salt, context };
  const message = new Uint8Array(independentSeal({ ...keys, plaintext }));
  const files = envelope(new FixedKms(dataKey, wrappedKey), { encryptionContext: context ?? undefined });

  test("the independent implementation gives the recorded message, and opens it", async () => {
    expect(createHash("sha256").update(message).digest("hex")).toBe(vector.messageSha256);
    if (vector.message) expect(Buffer.from(message).toString("hex")).toBe(vector.message);
    const opened = await independentOpen(message, { context, unwrap: () => dataKey });
    expect(Buffer.compare(opened.plaintext, plaintext)).toBe(0);
  });

  test("the library opens it whole, as a stream and by ranges", async () => {
    expect(Buffer.compare(await files.open(message), plaintext)).toBe(0);
    expect(Buffer.compare(await collect(streamOf([message]).pipeThrough(files.openStream())), plaintext)).toBe(0);
    expect(Buffer.compare(await files.openRange(message, 0, plaintextLength), plaintext)).toBe(0);
    const middle = Math.floor(plaintextLength / 2);
    expect(await files.openRange(message, middle, plaintextLength - middle)).toEqual(plaintext.subarray(middle));
  });

  test("its header reads as it was written", () => {
    const header = inspectHeader(message);
    expect(header).toMatchObject({ segmentSize: 2 ** segmentSizeLog2, headerLength: 72 + wrappedKey.length, salt });
    expect(header.suite).toBe(suite === 1 ? "AES-256-GCM" : "SM4-GCM");
    expect(header.wrappedKey).toEqual(wrappedKey);
    expect(header.commitment).toEqual(new Uint8Array(deriveKeys(keys).commitment));
  });
});

test.each(vectors.refused)("refused: $reason", async ({ dataKey, context, message: hex }) => {
  const message = bytes(hex);
  const genuine = vectors.messages.find((vector) => vector.dataKey === dataKey);
  const kms = new FixedKms(bytes(dataKey), bytes(genuine?.wrappedKey ?? ""));
  const files = envelope(kms, { encryptionContext: context ?? undefined });
  const refusal = { code: "ERR_AUTHENTICATION" };
  await expect(files.open(message)).rejects.toMatchObject(refusal);
  await expect(collect(streamOf([message]).pipeThrough(files.openStream()))).rejects.toMatchObject(refusal);
  await expect(files.openRange(message, 0, 1)).rejects.toMatchObject(refusal);
});

describe.each([
  { suite: 1, keySpec: "Aliyun_AES_256", name: "AES" },
  { suite: 2, keySpec: "Aliyun_SM4", name: "SM4" },
])("what the library seals under $name, the independent implementation opens", ({ suite, keySpec }) => {
  const dataKey = new Uint8Array(32).fill(7);
  const kms = new FixedKms(dataKey, new Uint8Array(96).fill(9), keySpec);
  const contexts = [null, { a: "1" }, { "a&b": "=", "\u{1f511}": "\uffff" }];

  test.each([0, 1, 4_095, 4_096, 4_097, 9_000])("%i bytes", async (length) => {
    const plaintext = vectorPlaintext(length);
    for (const context of contexts) {
      const options = { keyId: "key-fixed", segmentSize: 4_096, encryptionContext: context ?? undefined };
      const files = envelope(kms, options);
      const streamed = collect(streamOf([plaintext]).pipeThrough(files.sealStream()));
      for (const message of [await files.seal(plaintext), await streamed]) {
        expect(message.length).toBe(files.sealedLength(length));
        const opened = await independentOpen(message, { context, unwrap: () => dataKey });
        expect(opened).toMatchObject({ suite, segmentSizeLog2: 12 });
        expect(Buffer.compare(opened.plaintext, plaintext)).toBe(0);
      }
    }
  });
});

test("the order of a context does not matter, and {} equals no context", async () => {
  const kms = new FixedKms(new Uint8Array(32), new Uint8Array(96));
  const sealing = envelope(kms, { keyId: "key-fixed", encryptionContext: { a: "1", b: "2" } });
  const message = await sealing.seal(vectorPlaintext(10));
  const other = envelope(kms, { encryptionContext: { b: "2", a: "1" } });
  expect(await other.open(message)).toEqual(vectorPlaintext(10));
  for (const encryptionContext of [undefined, {}, { a: "1" }, { a: "1", b: "3" }]) {
    const wrong = envelope(kms, { encryptionContext });
    await expect(wrong.open(message)).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
  }
  const none = await envelope(kms, { keyId: "key-fixed", encryptionContext: {} }).seal(vectorPlaintext(3));
  expect(await envelope(kms).open(none)).toEqual(vectorPlaintext(3));
  expect(contextDigestOf({}).every((byte) => byte === 0)).toBe(true);
});

test("every message has a salt of its own", async () => {
  const kms = new FixedKms(new Uint8Array(32), new Uint8Array(96));
  const files = envelope(kms, { keyId: "key-fixed", cache: true });
  const salts = new Set<string>();
  for (let i = 0; i < 1_000; i++)
    salts.add(Buffer.from(inspectHeader(await files.seal(vectorPlaintext(1))).salt).toString("hex"));
  expect(salts.size).toBe(1_000);
});

test("bytes that are not a header have no fields", () => {
  for (const length of [0, 7, 71, 167]) expect(() => inspectHeader(new Uint8Array(length))).toThrow(LanelockError);
});
