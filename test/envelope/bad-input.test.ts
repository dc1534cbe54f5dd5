import { type Envelope, type EnvelopeOptions, envelope, inspectHeader, messageLayout } from "lanelock/envelope";
import { describe, expect, test } from "vitest";
import { detachedBytes, notBytes, sharedBytes } from "../bad-input/hostile-values.ts";
import { refusal } from "../contract/refusal.ts";
import { FixedKms } from "./fixed-kms.ts";

// Whatever a JavaScript caller passes, the answer is an error with a code.

const kms = new FixedKms(new Uint8Array(32), new Uint8Array(96));
const files = envelope(kms, { keyId: "key-fixed", cache: true });
const message = await files.seal(new Uint8Array(100));
const strange: unknown[] = [null, 0n, 65_536n, Symbol("x"), "", {}, [], () => 1, Number.NaN, -1, 1.5, new Date(0)];

describe.each([
  ["segmentSize", [...strange, 0, 4_095, 4_097, 2 ** 25, Number.POSITIVE_INFINITY, "65536"]],
  ["backend", [...strange, "gpu"]],
  ["workers", [...strange, 65, "4"]],
  ["keyId", [null, 0n, 5, Symbol("x"), "", {}]],
  ["allowedKeyIds", [null, 5n, "key-a", ["alias/a"], [5n], {}]],
  ["cache", [null, 5n, "yes", Symbol("x"), 1, () => 1]],
] as const)("option %s", (name, values) => {
  test.each(values.map((value) => [value]))("%p", (value) => {
    const options = { keyId: "key-fixed", [name]: value } as unknown as EnvelopeOptions;
    refusal("ERR_ARGUMENT", () => envelope(kms, options), String(typeof value));
  });
});

test.each(["maxAge", "maxMessages", "maxBytes", "maxEntries"])("cache limit %s", (name) => {
  for (const value of [null, 5n, "5", 0, -1, Number.NaN, Number.POSITIVE_INFINITY, {}, Symbol("x")]) {
    refusal("ERR_ARGUMENT", () => envelope(kms, { cache: { [name]: value as number } }), String(name));
  }
});

test.each(["maxMessages", "maxBytes", "maxEntries"])("cache limit %s is a whole number", (name) => {
  for (const value of [0.5, 1.5, 1e-300]) {
    refusal("ERR_ARGUMENT", () => envelope(kms, { cache: { [name]: value } }), `${name} ${value}`);
  }
});

test("an encryption context that the KMS would not take", () => {
  for (const encryptionContext of [5, 5n, "a=b", [], new Map(), { a: 1 }, { a: 1n }, { a: null }]) {
    const options = { encryptionContext } as unknown as EnvelopeOptions;
    expect(() => envelope(kms, options)).toThrow(expect.objectContaining({ code: "InvalidParameter" }));
  }
});

test("values that are not a KMS, and not options", () => {
  for (const value of [undefined, null, 5n, "kms", {}, { encrypt() {} }, () => 1]) {
    refusal("ERR_ARGUMENT", () => envelope(value as never, {}), typeof value);
  }
  for (const value of [null, 5n, "alias/a", Symbol("x"), () => 1]) {
    refusal("ERR_ARGUMENT", () => envelope(kms, value as never), typeof value);
  }
});

const calls: Record<string, (value: never) => unknown> = {
  seal: (value) => files.seal(value),
  open: (value) => files.open(value),
  rewrap: (value) => files.rewrap(value, { keyId: "key-fixed" }),
  openRange: (value) => files.openRange(value, 0, 1),
  inspectHeader: async (value) => inspectHeader(value),
  messageLayout: async (value) => messageLayout(value, 300),
};

describe.each(Object.keys(calls))("%s", (name) => {
  const call = async (value: unknown) => calls[name]?.(value as never);

  test.each(Object.entries(notBytes))("of %s", async (_, value) => {
    await expect(call(value)).rejects.toMatchObject({ name: "LanelockError", code: "ERR_ARGUMENT" });
  });

  test("of bytes that another thread can change, or that are gone", async () => {
    for (const value of [sharedBytes(300), detachedBytes(300)]) {
      await expect(call(value)).rejects.toMatchObject({ code: "ERR_BUFFER" });
    }
  });
});

test("lengths, offsets and sizes", async () => {
  for (const value of [null, undefined, -1, 1.5, Number.NaN, 5n, "5", 2 ** 53, Symbol("x")]) {
    const length = value as number;
    refusal("ERR_ARGUMENT", () => files.sealedLength(length));
    refusal("ERR_ARGUMENT", () => messageLayout(message, length));
    if (value !== undefined) refusal("ERR_ARGUMENT", () => files.sealStream({ length }));
    await expect(files.openRange(message, length, 1)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    await expect(files.openRange(message, 1, length)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  }
  refusal("ERR_LIMIT", () => files.sealedLength(2 ** 53 - 1));
});

const withOptions: Record<string, (on: Envelope, options: never) => unknown> = {
  seal: (on, options) => on.seal(new Uint8Array(1), options),
  open: (on, options) => on.open(message, options),
  openRange: (on, options) => on.openRange(message, 0, 1, options),
  rewrap: (on, options) => on.rewrap(message, options),
  sealStream: async (on, options) => on.sealStream(options),
  openStream: async (on, options) => on.openStream(options),
  rewrapStream: async (on, options) => on.rewrapStream(options),
};

test.each(Object.entries(withOptions))("options of %s", async (_, call) => {
  const keyId = "key-fixed";
  const wrong = [
    ...[null, 5n, "options", Symbol("x"), new Uint8Array(3), () => 1],
    ...[
      { keyId, signal: null },
      { keyId, signal: 5n },
      { keyId, signal: { aborted: true } },
    ],
    ...[
      { keyId, onProgress: null },
      { keyId, onProgress: 5n },
    ],
  ];
  for (const options of wrong) {
    await expect((async () => call(files, options as never))()).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  }
  const closed = envelope(kms, { keyId: "key-fixed" });
  await closed.close();
  await expect((async () => call(closed, { keyId: "key-fixed" } as never))()).rejects.toMatchObject({
    code: "ERR_STATE",
  });
});

test("sealing without a CMK says what is missing", async () => {
  await expect(envelope(kms).seal(new Uint8Array(1))).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
});

describe("a name that is not known is refused with the nearest right one, and nothing is done", () => {
  const calling = () => {
    const counting = new FixedKms(new Uint8Array(32), new Uint8Array(96));
    return { counting, on: envelope(counting, { keyId: "key-fixed" }) };
  };

  test.each([
    [{ keyId: "key-fixed", context: { tenant: "42" } }, "encryptionContext"],
    [{ keyId: "key-fixed", EncryptionContext: { tenant: "42" } }, "encryptionContext"],
    [{ KeyId: "key-fixed" }, "keyId"],
    [{ keyId: "key-fixed", worker: 2 }, "workers"],
    [{ keyId: "key-fixed", allowedKeys: ["key-a"] }, "allowedKeyIds"],
    [Object.create({ keyId: "key-fixed", segmentsize: 4_096 }), "segmentSize"],
  ])("envelope(%o)", (options, nearest) => {
    expect(() => envelope(kms, options)).toThrow(
      expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringContaining(`did you mean "${nearest}"?`) }),
    );
  });

  test.each([
    [{ maxage: 5 }, "maxAge"],
    [{ maxMessage: 5 }, "maxMessages"],
    [{ maxKeys: 5, maxEntrys: 3 }, "max"],
  ])("cache: %o", (cache, nearest) => {
    expect(() => envelope(kms, { cache: cache as object })).toThrow(
      expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringContaining(nearest) }),
    );
  });

  test.each(Object.entries(withOptions))("options of %s", async (name, call) => {
    const { counting, on } = calling();
    const wrong = { keyId: "key-fixed", [name === "sealStream" ? "lenght" : "onprogress"]: 5 };
    if (!name.startsWith("rewrap")) Reflect.deleteProperty(wrong, "keyId");
    await expect((async () => call(on, wrong as never))()).rejects.toMatchObject({
      code: "ERR_ARGUMENT",
      message: expect.stringContaining(`${name}() has no option`),
    });
    expect(counting.calls).toEqual([]);
  });

  test("a Map or a list is no object of options, and its content does not silently fail to apply", () => {
    for (const options of [new Map([["keyId", "key-fixed"]]), ["key-fixed"], new Set(["key-fixed"])]) {
      refusal("ERR_ARGUMENT", () => envelope(kms, options as never), "as options");
      refusal("ERR_ARGUMENT", () => envelope(kms, { cache: options as never }), "as a cache");
    }
  });

  test("options that are inherited apply like own ones", async () => {
    const reason = new Error("enough");
    const options = Object.create({ signal: AbortSignal.abort(reason) });
    await expect(files.seal(new Uint8Array(1), options)).rejects.toBe(reason);
  });
});
