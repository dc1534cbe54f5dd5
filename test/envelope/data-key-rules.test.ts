import { type EnvelopeKms, envelope } from "lanelock/envelope";
import { describe, expect, test, vi } from "vitest";
import { FixedKms } from "./fixed-kms.ts";

// Rules of data keys and their cache that a single wrong line would break.

const dataKey = new Uint8Array(32).fill(3);
const keyId = "key-fixed";
const some = (length: number) => new Uint8Array(length).fill(1);
const fixed = (wrappedLength = 96) => new FixedKms(dataKey, new Uint8Array(wrappedLength).fill(9));
const counted = (kms: FixedKms, name: string) => kms.calls.filter((call) => call === name).length;

/** A KMS that answers when it is told to, and keeps the signals of its calls. */
function waiting() {
  const signals: AbortSignal[] = [];
  let answer = () => {};
  const gate = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const kms = fixed();
  const generateDataKey: EnvelopeKms["generateDataKey"] = async (_request, options) => {
    if (options?.signal) signals.push(options.signal);
    await gate;
    return FixedKms.prototype.generateDataKey.call(kms);
  };
  return { kms: Object.assign(kms, { generateDataKey }), signals, answer: () => answer() };
}

test("messages that waited for a data key that may take only one of them get data keys of their own", async () => {
  const kms = fixed();
  await using files = envelope(kms, { keyId, cache: { maxMessages: 1 } });
  const messages = await Promise.all([1, 2, 3].map((length) => files.seal(some(length))));
  expect(counted(kms, "generateDataKey")).toBe(3);
  for (const [index, message] of messages.entries()) expect(await files.open(message)).toEqual(some(index + 1));
});

test("the KMS's call is given up when nobody waits for it any more, and not before", async () => {
  const { kms, signals, answer } = waiting();
  await using files = envelope(kms, { keyId, cache: true });
  const given = [new AbortController(), new AbortController()];
  const sealing = given.map(({ signal }) => files.seal(some(1), { signal }));
  await vi.waitFor(() => expect(signals).toHaveLength(1));
  given[0]?.abort(new Error("first"));
  await expect(sealing[0]).rejects.toThrow("first");
  expect(signals[0]?.aborted).toBe(false);
  given[1]?.abort(new Error("second"));
  await expect(sealing[1]).rejects.toThrow("second");
  expect(signals[0]?.aborted).toBe(true);
  answer();
  await expect(files.seal(some(1))).resolves.toBeInstanceOf(Uint8Array);
});

describe("a closed envelope", () => {
  const closed = { code: "ERR_STATE" };

  test("seals and opens nothing, however large, and asks the KMS for nothing", async () => {
    const kms = fixed();
    const message = await envelope(kms, { keyId }).seal(some(20));
    const files = envelope(kms, { keyId, cache: { maxBytes: 10 } });
    await files.seal(some(1));
    await files.close();
    kms.calls.length = 0;
    for (const length of [1, 11]) await expect(files.seal(some(length))).rejects.toMatchObject(closed);
    await expect(files.open(message)).rejects.toMatchObject(closed);
    expect(kms.calls).toEqual([]);
  });

  test("refuses messages that wait for a data key, and wipes the data key when it comes", async () => {
    const { kms, signals, answer } = waiting();
    const files = envelope(kms, { keyId, cache: true });
    const sealing = [files.seal(some(1)), files.seal(some(1))].map((one) => one.catch((error) => error));
    await vi.waitFor(() => expect(signals).toHaveLength(1));
    await files.close();
    expect(signals[0]?.aborted).toBe(true);
    answer();
    for (const one of sealing) expect(await one).toMatchObject(closed);
    await vi.waitFor(() => expect(kms.handedOut.map((key) => key.every((byte) => byte === 0))).toEqual([true]));
  });
});

describe("wrappedKeyLength", () => {
  test.each([0, -1, 1.5, Number.NaN, 65_536, "96", null])("%s is refused", (wrappedKeyLength) => {
    const kms = Object.assign(fixed(), { wrappedKeyLength }) as unknown as EnvelopeKms;
    expect(() => envelope(kms, { keyId })).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
  });

  test.each([1, 108])(
    "%i: a data key wrapped in so many bytes seals, and the message has the length said",
    async (n) => {
      const files = envelope(Object.assign(fixed(n), { wrappedKeyLength: n }), { keyId });
      const message = await files.seal(some(5));
      expect(message).toHaveLength(files.sealedLength(5));
      expect(await files.open(message)).toEqual(some(5));
    },
  );

  test("a data key wrapped in another number of bytes is refused, and wiped", async () => {
    for (const cache of [true, false]) {
      const kms = fixed(97);
      await expect(envelope(kms, { keyId, cache }).seal(some(1))).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
      expect(kms.handedOut.map((key) => key.every((byte) => byte === 0))).toEqual([true]);
    }
  });
});

describe("a KMS that wraps the Base64 of the data key, as the service does over HTTP,", () => {
  const base64 = Buffer.from(dataKey).toString("base64");
  /** What Decrypt of such a KMS gives. */
  const decrypting = (text: string) => {
    const kms = fixed();
    const given: Uint8Array[] = [];
    const decrypt = async () => {
      given.push(new Uint8Array(Buffer.from(text)));
      return { keyId, plaintext: given.at(-1) ?? some(0) };
    };
    return { kms: Object.assign(kms, { decrypt }), given };
  };

  test("opens what was sealed under the data key, and the text is wiped", async () => {
    const { kms, given } = decrypting(base64);
    const files = envelope(kms, { keyId });
    expect(await files.open(await files.seal(some(7)))).toEqual(some(7));
    expect(given.map((text) => text.every((byte) => byte === 0))).toEqual([true]);
  });

  test("opens nothing under a text that is no data key", async () => {
    for (const text of ["", base64.slice(0, 40), `${base64}AAAA`, "x".repeat(31), "-".repeat(44)]) {
      const { kms, given } = decrypting(text);
      const files = envelope(kms, { keyId });
      const message = await files.seal(some(7));
      await expect(files.open(message), text).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
      await vi.waitFor(() => expect(given.every((one) => one.every((byte) => byte === 0))).toBe(true));
    }
  });
});

test("an answer without a name for the CMK is the KMS's fault, and says which field", async () => {
  const metadata = { keyId, keySpec: "Aliyun_AES_256" };
  for (const wrong of [undefined, null, 5, "", {}]) {
    for (const field of ["keyId", "keySpec"] as const) {
      const kms = fixed();
      Object.assign(kms, { describeKey: async () => ({ keyMetadata: { ...metadata, [field]: wrong } }) });
      const refused = { code: "ERR_PROVIDER", message: expect.stringContaining(field) };
      await expect(envelope(kms, { keyId }).seal(some(1)), `${field} ${wrong}`).rejects.toMatchObject(refused);
      expect(kms.handedOut.map((key) => key.every((byte) => byte === 0))).toEqual([true]);
    }
    const kms = Object.assign(fixed(), { describeKey: async () => ({ keyMetadata: wrong }) });
    if (typeof wrong !== "object" || wrong === null) {
      await expect(envelope(kms, { keyId }).seal(some(1))).rejects.toMatchObject({ code: "ERR_PROVIDER" });
    }
  }
});
