import { randomBytes } from "node:crypto";
import { externalKeys } from "lanelock/external";
import { describe, expect, test } from "vitest";
import type { CipherKey } from "../../src/kms/ports/index.ts";
import { adviceFor, reasonOf } from "../../src/providers/external/advice.ts";
import { decodePinned, encodePinned, pin, requirePinned } from "../../src/providers/external/known-answer.ts";

// Parts of the provider that need no key manager: known answers, advice, options.

const failed = { name: "LanelockError", code: "ERR_PROVIDER" };

describe("a known answer", () => {
  const [name, sealed] = ["key-1", new Uint8Array(48).fill(4)];
  const key = (encrypt: () => Uint8Array, decrypt: () => Uint8Array): CipherKey => ({
    ...{ encrypt: async () => encrypt(), decrypt: async () => decrypt(), dispose: () => {} },
  });

  test("is not kept of a key that encrypts one way and decrypts another, or never twice the same", async () => {
    const says = (text: string) => ({ ...failed, message: expect.stringContaining(text) });
    const other = key(
      () => sealed,
      () => new Uint8Array(32),
    );
    await expect(pin(other, { name, mode: "GCM" })).rejects.toMatchObject(says("does not decrypt what it encrypts"));
    const random = key(
      () => randomBytes(48),
      () => new Uint8Array(32),
    );
    await expect(pin(random, { name, mode: "GCM" })).rejects.toMatchObject(says("is not the one that was made"));
  });

  const pinned = { name, iv: new Uint8Array(12), plaintext: new Uint8Array(32), answer: sealed };
  const fields = JSON.parse(Buffer.from(encodePinned(pinned)).toString()) as Record<string, unknown>;
  const decode = (value: unknown) => decodePinned(new Uint8Array(Buffer.from(JSON.stringify(value))));

  test("reads as it was written", async () => {
    const read = decode(fields);
    expect(Object.values(read).map((value) => (typeof value === "string" ? value : [...value]))).toEqual([
      ...[name, [...pinned.iv], [...pinned.plaintext], [...sealed]],
    ]);
    await requirePinned(
      key(
        () => sealed,
        () => sealed,
      ),
      read,
    );
  });

  test.each([
    ...[null, 5, "text", [], {}, { ...fields, form: 2 }, { ...fields, form: undefined }, { ...fields, name: 5 }],
    ...[
      { ...fields, name: "a/b" },
      { ...fields, name: "" },
      { ...fields, iv: "*" },
      { ...fields, plaintext: 5 },
    ],
    { ...fields, answer: undefined },
  ])("that was changed is ERR_INTEGRITY: %o", (value) => {
    expect(() => decode(value)).toThrow(expect.objectContaining({ code: "ERR_INTEGRITY" }));
    expect(() => decodePinned(new Uint8Array(9))).toThrow(expect.objectContaining({ code: "ERR_INTEGRITY" }));
  });
});

test("advice follows the code of an error, and an error without a message is named by it", () => {
  const advised = (code: string) => adviceFor(Object.assign(new Error("x"), { code }));
  expect(advised("HPE_INVALID_CONSTANT")).toContain("HTTP/1.1");
  expect(advised("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED")).toContain("credentials");
  expect(advised("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION")).toContain("TLS 1.3");
  expect(advised("ERR_SSL_WRONG_VERSION_NUMBER")).toContain("TLS 1.3");
  expect(advised("XERR_SSL_ALERT")).toContain("log");
  expect(advised("ERR_SSL_OTHER")).toContain("log");
  expect(adviceFor(undefined)).toContain("log");
  expect(advised("CERT_HAS_EXPIRED")).toContain("expired");
  expect(reasonOf(new Error("why"))).toBe("why");
  expect(reasonOf({ code: "ECODE", message: "" })).toBe("ECODE");
  expect(reasonOf(new Error(""))).toBe("an error without a message");
});

test("options of every wrong kind are ERR_ARGUMENT", () => {
  const secret = new Uint8Array(32);
  const good = { url: "https://127.0.0.1:1", credentials: { client: "orders", secret } };
  const take = (options: unknown) => () => Reflect.apply(externalKeys, undefined, [options]);
  expect(take(good)).not.toThrow();
  expect(take({ ...good, credentials: { client: "x".repeat(128), secret: { file: "/secret" } } })).not.toThrow();
  const ofCredentials = [
    ...[undefined, null, 5, "orders", [], {}, { client: "orders" }, { secret }, { certificate: "x" }],
    ...["", "a b", "x".repeat(129), "\u00e9", 5].map((client) => ({ client, secret })),
    ...[undefined, null, 5, "x".repeat(32), {}, { file: "" }, { file: 5 }, new Uint16Array(32)].map((wrong) => ({
      ...{ client: "orders", secret: wrong },
    })),
  ];
  const wrong = [
    ...[undefined, null, 5, "https://127.0.0.1:1"],
    ...[
      5,
      "127.0.0.1",
      "http://127.0.0.1",
      "https://127.0.0.1/v1",
      "https://h/?a",
      "https://h/#a",
      "https://u@h",
      "https://:p@h",
    ].map((url) => ({ ...good, url })),
    ...["", 5].flatMap((text) => [
      { ...good, ca: text },
      { ...good, serverName: text },
    ]),
    ...ofCredentials.map((one) => ({ ...good, credentials: one })),
    ...[1, "yes"].map((verifyEncrypt) => ({ ...good, verifyEncrypt })),
    ...[0, -1, 2 ** 31, Number.NaN, "5"].map((timeoutMs) => ({ ...good, timeoutMs })),
    ...[0, 1.5, Number.NaN, "5"].map((maxConnections) => ({ ...good, maxConnections })),
  ];
  for (const options of wrong) {
    expect(take(options), JSON.stringify(options)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
  }
});
