import { type EnvelopeKms, envelope } from "lanelock/envelope";
import { expect, test } from "vitest";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { FixedKms } from "./fixed-kms.ts";
import { independentOpen } from "./independent-format.ts";

// Options are read once: the checked value is used, even if a getter returns another one the second time.

const dataKey = new Uint8Array(32).fill(3);
const kms = new FixedKms(dataKey, new Uint8Array(96).fill(9));
const plaintext = seeded("options").bytes(100_000);

/** These options, and how often each was read. */
function counted<T extends object>(options: T) {
  const reads: Record<string, number> = {};
  const proxy = new Proxy(options, {
    get(target, name, receiver) {
      reads[String(name)] = (reads[String(name)] ?? 0) + 1;
      return Reflect.get(target, name, receiver);
    },
  });
  return { proxy, reads };
}

const once = (reads: Record<string, number>, names: string[]) =>
  expect(reads).toMatchObject(Object.fromEntries(names.map((name) => [name, 1])));

test("options of an envelope, of its cache, and its lists and maps", () => {
  const cache = counted({ maxAge: 1_000, maxMessages: 5, maxBytes: 1_000, maxEntries: 5 });
  const encryptionContext = counted({ a: "1", b: "2" });
  const ids = counted(["key-a", "key-b"]);
  const options = counted({
    keyId: "key-fixed",
    encryptionContext: encryptionContext.proxy,
    segmentSize: 4_096,
    backend: "wasm" as const,
    workers: 1,
    cache: cache.proxy,
    allowedKeyIds: ids.proxy,
  });
  envelope(kms, options.proxy);
  once(cache.reads, ["maxAge", "maxMessages", "maxBytes", "maxEntries"]);
  once(encryptionContext.reads, ["a", "b"]);
  once(ids.reads, ["0", "1"]);
  once(options.reads, Object.keys(options.reads));
  expect(Object.keys(options.reads).length).toBe(7);
});

test("options of every method", async () => {
  const files = envelope(kms, { keyId: "key-fixed" });
  const sealed = await files.seal(plaintext);
  const names = ["signal", "onProgress"];
  const message = () => counted({ signal: new AbortController().signal, onProgress() {} });
  for (const use of [
    (options: object) => files.seal(plaintext, options),
    (options: object) => files.open(sealed, options),
    (options: object) => files.openRange(sealed, 5, 70_000, options),
    async (options: object) => files.openStream(options),
  ]) {
    const options = message();
    await use(options.proxy);
    once(options.reads, names);
  }
  const stream = counted({ signal: undefined, onProgress: undefined, length: 5 });
  files.sealStream(stream.proxy);
  once(stream.reads, [...names, "length"]);
  const rewrap = () => counted({ keyId: "key-other", signal: undefined });
  const [whole, streamed] = [rewrap(), rewrap()];
  await expect(files.rewrap(sealed, whole.proxy)).rejects.toMatchObject({ code: "UnsupportedOperation" });
  files.rewrapStream(streamed.proxy);
  once(whole.reads, ["keyId", "signal"]);
  once(streamed.reads, ["keyId", "signal"]);
});

test("a context that changes while it is read is one and the same for the KMS and for the message", async () => {
  let reads = 0;
  const encryptionContext = {
    get table() {
      return `orders ${reads++}`;
    },
  };
  let asked: unknown;
  const listening: EnvelopeKms = {
    describeKey: () => kms.describeKey(),
    generateDataKey: (request) => {
      asked = request.encryptionContext;
      return kms.generateDataKey();
    },
    decrypt: (request) => kms.decrypt(request),
    reEncrypt: () => kms.reEncrypt(),
  };
  const message = await envelope(listening, { keyId: "key-fixed", encryptionContext }).seal(plaintext);
  const context = { ...(asked as Record<string, string>) };
  const opened = await independentOpen(Buffer.from(message), { context, unwrap: () => dataKey });
  expectBytes(opened.plaintext, plaintext, JSON.stringify(context));
});

test("a KMS may reuse its answer's array: a message keeps its wrapped key", async () => {
  const wrapped = new Uint8Array(96).fill(9);
  const reusing: EnvelopeKms = {
    describeKey: () => kms.describeKey(),
    generateDataKey: async () => ({ ...(await kms.generateDataKey()), ciphertextBlob: wrapped }),
    decrypt: (request) => kms.decrypt(request),
    reEncrypt: () => kms.reEncrypt(),
  };
  const files = envelope(reusing, { keyId: "key-fixed", cache: true });
  await files.seal(plaintext);
  wrapped.fill(0);
  expectBytes(await files.open(await files.seal(plaintext)), plaintext, "under a cached data key");
});

test("a KMS that answers with other values than bytes gets an error that says so", async () => {
  for (const answer of [{ plaintext: "x".repeat(32) }, { ciphertextBlob: "x".repeat(96) }, { plaintext: undefined }]) {
    const odd = {
      describeKey: () => kms.describeKey(),
      generateDataKey: async () => ({ ...(await kms.generateDataKey()), ...answer }),
      decrypt: async () => ({ keyId: "key-fixed", plaintext: dataKey, ...answer }),
      reEncrypt: async () => ({ keyId: "key-fixed", ciphertextBlob: undefined, ...answer }),
    };
    const files = envelope(odd as never, { keyId: "key-fixed" });
    await expect(files.seal(plaintext)).rejects.toMatchObject({ name: "LanelockError" });
    const sealed = await envelope(kms, { keyId: "key-fixed" }).seal(plaintext);
    if ("plaintext" in answer) await expect(files.open(sealed)).rejects.toMatchObject({ name: "LanelockError" });
    await expect(files.rewrap(sealed, { keyId: "key-b" })).rejects.toMatchObject({ name: "LanelockError" });
  }
});

test.each([
  undefined,
  null,
  "yes",
  {},
  { keyMetadata: null },
  { keyMetadata: {} },
  { keyMetadata: { keyId: "key-fixed", keySpec: 5 } },
])("a KMS that answers %o gets an error that says so", async (answer) => {
  const wrong = async () => answer as never;
  const asked = (operation: string) => ({
    describeKey: () => kms.describeKey(),
    generateDataKey: () => kms.generateDataKey(),
    decrypt: async () => ({ keyId: "key-fixed", plaintext: dataKey }),
    reEncrypt: wrong,
    [operation]: wrong,
  });
  await using right = envelope(kms, { keyId: "key-fixed" });
  const sealed = await right.seal(new Uint8Array(10));
  for (const operation of ["describeKey", "generateDataKey"]) {
    await using files = envelope(asked(operation), { keyId: "key-fixed", cache: true });
    await expect(files.seal(new Uint8Array(10)), operation).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  }
  await using files = envelope(asked("decrypt"), { keyId: "key-fixed" });
  await expect(files.open(sealed)).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  await expect(files.rewrap(sealed, { keyId: "key-fixed" })).rejects.toMatchObject({ code: "ERR_PROVIDER" });
});
