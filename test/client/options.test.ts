import { type Credentials, kmsClient } from "lanelock/client";
import { describe, expect, test } from "vitest";
import { startServer } from "../server/harness.ts";
import { RecordingServer } from "./recording-server.ts";

const credentials = { accessKeyId: "LTAItestid", accessKeySecret: "testsecret" };
const endpoint = "https://kms.cn-hangzhou.aliyuncs.com";

describe("what is refused at once, with the option's name", () => {
  test.each([
    [undefined, "options"],
    [{}, "endpoint"],
    [{ endpoint, credentials, retires: 2 }, 'did you mean "retries"?'],
    [{ endpoint: 5, credentials }, "endpoint"],
    [{ endpoint: "", credentials }, "endpoint"],
    [{ endpoint: "https://", credentials }, "no URL"],
    [{ endpoint: "ftp://kms.example", credentials }, "https"],
    [{ endpoint: "file:///etc/passwd", credentials }, "https"],
    [{ endpoint: "https://user:pass@kms.example", credentials }, "user name or password"],
    [{ endpoint: "https://kms.example/path", credentials }, "alone"],
    [{ endpoint: "https://kms.example/?a=b", credentials }, "alone"],
    [{ endpoint: "http://kms.example", credentials }, "insecure: true"],
    [{ endpoint: "http://127.0.0.1.example", credentials }, "insecure: true"],
    [{ endpoint: "http://localhost.example:8765", credentials }, "insecure: true"],
    [{ endpoint: "http://10.0.0.1:8765", credentials, insecure: false }, "insecure: true"],
    [{ endpoint: "http://[::2]:8765", credentials }, "insecure: true"],
    [{ endpoint, credentials, insecure: "yes" }, "insecure"],
    [{ endpoint, credentials, region: "cn hangzhou" }, "region"],
    [{ endpoint, credentials, fetch: {} }, "fetch"],
    [{ endpoint, credentials, retries: -1 }, "retries"],
    [{ endpoint, credentials, retries: 11 }, "retries"],
    [{ endpoint, credentials, retries: 1.5 }, "retries"],
    [{ endpoint, credentials, timeout: 0 }, "timeout"],
    [{ endpoint, credentials, timeout: 2 ** 31 }, "timeout"],
    [{ endpoint, credentials, timeout: "1s" }, "timeout"],
    [{ endpoint, credentials, plaintexts: "text" }, "plaintexts"],
    [{ endpoint }, "credentials"],
    [{ endpoint, credentials: null }, "credentials"],
    [{ endpoint, credentials: {} }, "accessKeyId"],
    [{ endpoint, credentials: { ...credentials, accessKeyId: "a,SignedHeaders=host" } }, "accessKeyId"],
    [{ endpoint, credentials: { ...credentials, accessKeyId: "a\r\nx: y" } }, "accessKeyId"],
    [{ endpoint, credentials: { ...credentials, accessKeySecret: "" } }, "accessKeySecret"],
    [{ endpoint, credentials: { ...credentials, accessKeySecret: "my very secret" } }, "accessKeySecret"],
    [{ endpoint, credentials: { ...credentials, securityToken: "a\nb" } }, "securityToken"],
  ])("%j", (options, message) => {
    const attempt = () => kmsClient(options as never);
    expect(attempt).toThrow(expect.objectContaining({ name: "LanelockError", code: "ERR_ARGUMENT" }));
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow("my very secret");
  });

  test.each([
    ...[endpoint, "kms.cn-hangzhou.aliyuncs.com", "http://localhost:8765", "http://127.0.0.1:8765", "http://127.9.9.9"],
    ...["http://[::1]:8765", "HTTPS://KMS.example:8443/"],
  ])("%s is taken", (one) => {
    expect(kmsClient({ endpoint: one, credentials })).toBeTypeOf("object");
    expect(kmsClient({ endpoint: "http://kms.example", credentials, insecure: true })).toBeTypeOf("object");
  });
});

test("an endpoint without a scheme is asked by https", async () => {
  const asked: string[] = [];
  const fetch = async (url: unknown) => {
    asked.push(String(url));
    return new Response('{"RequestId":"r","Random":"AA=="}');
  };
  const kms = kmsClient({ endpoint: "kms.example:8443", credentials, fetch, region: "cn-hangzhou" });
  expect(await kms.generateRandom({ length: 1 })).toEqual({ random: new Uint8Array(1) });
  expect(asked).toEqual(["https://kms.example:8443/?Length=1&RegionId=cn-hangzhou"]);
});

describe("credentials as a function", () => {
  test("are asked for with every request, and may change", async () => {
    await using running = await startServer();
    const second = await running.server.accessKeys.create({ name: "second", temporarySeconds: 900 });
    const given: Credentials[] = [running.owner, second];
    let asked = 0;
    const source = async () => given[asked++ % 2] ?? running.owner;
    const kms = kmsClient({ endpoint: running.server.url, credentials: source });
    for (let i = 0; i < 4; i++) await kms.listKeys();
    expect(asked).toBe(4);
    const { accessKeyId, accessKeySecret } = second;
    const stranger = kmsClient({ endpoint: running.server.url, credentials: { accessKeyId, accessKeySecret } });
    const mismatch = { name: "KmsError", code: "InvalidSecurityToken.MismatchWithAccessKey", httpStatus: 400 };
    await expect(stranger.listKeys()).rejects.toMatchObject(mismatch);
  });

  test("a failure of theirs is the call's, and none of them hangs it", async () => {
    await using server = await RecordingServer.start({ RequestId: "r" });
    const endpoint = `http://${server.host}`;
    const call = (source: () => never) => kmsClient({ endpoint, credentials: source, timeout: 200 }).listKeys();
    const broken = call((() => Promise.reject(new Error("no metadata service"))) as never);
    await expect(broken).rejects.toMatchObject({
      code: "ERR_PROVIDER",
      message: expect.stringContaining("no metadata"),
    });
    const thrown = call(() => {
      throw new Error("at once");
    });
    await expect(thrown).rejects.toMatchObject({ code: "ERR_PROVIDER" });
    await expect(call((() => undefined) as never)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    await expect(call((() => ({ accessKeyId: 5 })) as never)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    const hanging = call((() => new Promise(() => {})) as never);
    await expect(hanging).rejects.toMatchObject({
      code: "ERR_PROVIDER",
      message: expect.stringContaining("within 0.2 s"),
    });
    expect(server.seen).toEqual([]);
  });
});

test("wrong credentials are refused by the server, in its words", async () => {
  await using running = await startServer();
  const { accessKeyId, accessKeySecret } = running.owner;
  const call = (given: Credentials) => kmsClient({ endpoint: running.server.url, credentials: given }).listKeys();
  const unknown = { name: "KmsError", code: "InvalidAccessKeyId.NotFound", httpStatus: 404 };
  await expect(call({ accessKeyId: "LTAInobody", accessKeySecret })).rejects.toMatchObject(unknown);
  const forged = {
    name: "KmsError",
    code: "SignatureDoesNotMatch",
    httpStatus: 400,
    requestId: expect.stringMatching(/^[0-9A-F-]{36}$/),
  };
  await expect(call({ accessKeyId, accessKeySecret: `${accessKeySecret}x` })).rejects.toMatchObject(forged);
});

test("a fetch that ignores the signal, throws, or answers nonsense cannot hang or crash a call", async () => {
  const call = (fetch: unknown) =>
    kmsClient({ endpoint, credentials, fetch: fetch as never, timeout: 100, retries: 0 }).listKeys();
  await expect(call(() => new Promise(() => {}))).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  await expect(call(() => undefined)).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  await expect(call(() => Promise.reject(undefined))).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  await expect(call(async () => ({ status: 200 }))).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  const body = new ReadableStream({ pull: () => new Promise(() => {}) });
  await expect(call(async () => new Response(body))).rejects.toMatchObject({ code: "ERR_PROVIDER" });
});

test("requests and options of calls that are wrong are refused before anything is sent", async () => {
  await using server = await RecordingServer.start({ RequestId: "r" });
  const kms = kmsClient({ endpoint: `http://${server.host}`, credentials });
  const invalid = { name: "KmsError", code: "InvalidParameter" };
  await expect(kms.encrypt({ keyId: "k", plaintext: "text" } as never)).rejects.toMatchObject(invalid);
  await expect(kms.encrypt({ keyId: "k", plaintext: new Uint8Array(6_145) })).rejects.toMatchObject(invalid);
  await expect(kms.encrypt(undefined as never)).rejects.toMatchObject({ name: "KmsError", code: "MissingParameter" });
  await expect(kms.generateDataKey({ keyId: "k", dataKeyEncoding: "raw" })).rejects.toMatchObject(invalid);
  await expect(kms.listKeys({}, { signal: {} } as never)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  await expect(kms.listKeys({}, { timeout: 5 } as never)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  const trap = Object.defineProperty({}, "keyId", { enumerable: true, get: () => JSON.parse("{") });
  await expect(kms.describeKey(trap as never)).rejects.toMatchObject({ name: "KmsError", code: "InternalFailure" });
  expect(server.seen).toEqual([]);
});

test("a request is read once, when the call is made", async () => {
  await using server = await RecordingServer.start({
    RequestId: "r",
    KeyId: "k",
    KeyVersionId: "v",
    CiphertextBlob: "AA==",
  });
  const kms = kmsClient({ endpoint: `http://${server.host}`, credentials });
  const plaintext = new TextEncoder().encode("before");
  let reads = 0;
  const request = {
    plaintext,
    get keyId() {
      return `key-${++reads}`;
    },
  };
  const { url } = await server.during(() => {
    const call = kms.encrypt(request);
    plaintext.fill(0);
    return call;
  });
  expect(url).toBe(`/?KeyId=key-1&Plaintext=${encodeURIComponent(Buffer.from("before").toString("base64"))}`);
});
