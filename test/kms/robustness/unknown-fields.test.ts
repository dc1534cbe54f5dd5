import type { Kms } from "lanelock/kms";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OPERATIONS, type OperationName } from "../../../src/kms/operations/operation-table.ts";
import { createKeyId, openKms } from "../open-kms.ts";

/** A field that no operation knows would silently not apply: an encryption context, say, that binds nothing. */
let kms: Kms;
let keyId: string;
beforeAll(async () => {
  kms = await openKms();
  keyId = await createKeyId(kms);
});
afterAll(() => kms.close());

const as = <T>(value: unknown) => value as T;
const plaintext = new Uint8Array(3);
const NAMES = Object.keys(OPERATIONS) as OperationName[];

/** @returns the message of the refusal */
async function refusal(name: OperationName, request: unknown): Promise<string> {
  const before = (await kms.listKeys()).totalCount;
  const error: unknown = await Reflect.apply(kms[name], kms, [request]).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error, name).toMatchObject({ name: "KmsError", code: "InvalidParameter", httpStatus: 400 });
  expect((await kms.listKeys()).totalCount).toBe(before);
  return (error as Error).message;
}

test.each(NAMES)("%s refuses a field it does not know, and does nothing", async (name) => {
  expect(await refusal(name, { surprise: 1 })).toContain('"surprise"');
  expect(await refusal(name, { surprise: undefined })).toContain('"surprise"');
});

test.each(NAMES)("%s names the field that a misspelt one most likely stands for", async (name) => {
  for (const { name: field, parameter } of OPERATIONS[name].request.entries) {
    const misspelt = [parameter, field.slice(0, -1), `${field}s`, field.toUpperCase()].filter((one) => one.length > 3);
    for (const wrong of misspelt) {
      if (OPERATIONS[name].request.entries.some((entry) => entry.name === wrong)) continue;
      const message = await refusal(name, { [wrong]: "x" });
      expect(message).toContain(`"${wrong}"`);
      expect(message, `${name} ${wrong}`).toMatch(/did you mean "\w+"\?$/);
    }
  }
});

test("the context under its name in the service is refused, and the right name is given", async () => {
  const request = { keyId, plaintext, EncryptionContext: { tenant: "42" } };
  expect(await refusal("encrypt", request)).toBe(
    'The specified parameter "EncryptionContext" is not valid. There is no such field: did you mean "encryptionContext"?',
  );
  expect(await refusal("encrypt", { keyId, plaintext, context: { a: "b" } })).toContain('"encryptionContext"');
});

test("names of every object are refused where they are the caller's own", async () => {
  const polluted: unknown = JSON.parse(`{"keyId":"${keyId}","__proto__":{"plaintext":1}}`);
  expect(await refusal("describeKey", polluted)).toContain('"__proto__"');
  for (const name of ["constructor", "toString", "hasOwnProperty", "valueOf"]) {
    expect(await refusal("describeKey", { keyId, [name]: 1 })).toContain(`"${name}"`);
  }
  expect(await refusal("describeKey", { keyId, ["x".repeat(5_000)]: 1 })).toHaveLength(
    'The specified parameter "…" is not valid. There is no such field: there are keyId.'.length + 64,
  );
});

test("a field on Object.prototype is not the caller's", async () => {
  Object.defineProperty(Object.prototype, "intruder", { value: 1, enumerable: true, configurable: true });
  try {
    await kms.describeKey({ keyId });
  } finally {
    Reflect.deleteProperty(Object.prototype, "intruder");
  }
});

test("fields of an instance are read, inherited accessors too, and its unknown fields refused", async () => {
  class Request {
    get keyId() {
      return keyId;
    }
    get plaintext() {
      return plaintext;
    }
    get encryptionContext() {
      return { tenant: "42" };
    }
  }
  const { ciphertextBlob } = await kms.encrypt(new Request());
  await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject({ code: "InvalidParameter" });
  await kms.decrypt({ ciphertextBlob, encryptionContext: { tenant: "42" } });
  const bound = await kms.encrypt(Object.create({ keyId, plaintext, encryptionContext: { a: "b" } }));
  await kms.decrypt({ ciphertextBlob: bound.ciphertextBlob, encryptionContext: { a: "b" } });
  expect(await refusal("encrypt", Object.create({ keyId, plaintext, context: {} }))).toContain('"context"');
});

test("a proxy is asked for its fields", async () => {
  const request = { keyId, plaintext, encryptionContext: { a: "b" } };
  for (const proxy of [
    new Proxy(request, {}),
    new Proxy(as<typeof request>({}), { get: (_, name) => Reflect.get(request, name) }),
  ]) {
    const { ciphertextBlob } = await kms.encrypt(proxy);
    await kms.decrypt({ ciphertextBlob, encryptionContext: { a: "b" } });
  }
});

test("elements of lists are held to the same", async () => {
  const tags = [{ tagKey: "a", tagValue: "b", tagvalue: "c" }];
  expect(await refusal("tagResource", { keyId, tags })).toContain('did you mean "tagValue"?');
  expect(await refusal("createKey", { tags })).toContain('"tagvalue"');
  const filters = [{ key: "KeyState", value: "Enabled" }];
  expect(await refusal("listKeys", { filters })).toContain('did you mean "values"?');
});

test("call options have a signal and nothing else", async () => {
  const attempt = kms.describeKey({ keyId }, as({ Signal: new AbortController().signal }));
  await expect(attempt).rejects.toMatchObject({
    code: "ERR_ARGUMENT",
    message: expect.stringContaining('did you mean "signal"?'),
  });
});
