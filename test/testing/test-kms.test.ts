import { createRequire } from "node:module";
import { createConnection } from "node:net";
import { kmsClient } from "lanelock/client";
import { type TestKms, testKms } from "lanelock/testing";
import { expect, test } from "vitest";
import { send, signedPath } from "../server/signed.ts";

const load = createRequire(import.meta.url);
const sdk: typeof import("@alicloud/kms20160120") = load("@alicloud/kms20160120");
const { Config }: typeof import("@alicloud/rpc-client") = load("@alicloud/rpc-client");

/** The official SDK as an application points it at the server. */
function official({ host, region, accessKeyId, accessKeySecret }: TestKms) {
  const config = { accessKeyId, accessKeySecret, regionId: region, endpoint: host, protocol: "http" };
  return new sdk.default(new Config({ ...config, type: "access_key" }));
}

const orders = { keyId: "key-orders", material: Buffer.alloc(32, 7).toString("base64"), aliases: ["alias/orders"] };

test("the official SDK works with what it returns", async () => {
  await using server = await testKms({ seed: { keys: [orders] } });
  const client = official(server);
  const sealed = await client.encrypt(new sdk.EncryptRequest({ keyId: "alias/orders", plaintext: "aGk=" }));
  const opened = await client.decrypt(new sdk.DecryptRequest({ ciphertextBlob: sealed.ciphertextBlob }));
  expect(opened.plaintext).toBe("aGk=");
});

test("it is what kmsClient needs, credentials included", async () => {
  await using server = await testKms({ seed: { keys: [orders] } });
  const { endpoint, region, accessKeyId, accessKeySecret } = server;
  const client = kmsClient({ endpoint, region, credentials: { accessKeyId, accessKeySecret } });
  const { ciphertextBlob } = await client.encrypt({ keyId: "alias/orders", plaintext: new Uint8Array([1, 2, 3]) });
  expect((await client.decrypt({ ciphertextBlob })).plaintext).toEqual(new Uint8Array([1, 2, 3]));
});

test("what one server of a seed encrypts, another decrypts: nothing else is shared", async () => {
  const seed = { keys: [orders], accessKeys: [{ accessKeyId: "LTAItest", accessKeySecret: "testsecret" }] };
  const [first, second] = await Promise.all([testKms({ seed }), testKms({ seed })]);
  expect([first.accessKeyId, first.accessKeySecret]).toEqual(["LTAItest", "testsecret"]);
  expect(first.endpoint).not.toBe(second.endpoint);
  const sealed = await send(first.endpoint, signedPath(first, "Encrypt", { KeyId: "key-orders", Plaintext: "aGk=" }));
  const blob = String(sealed.json.CiphertextBlob);
  const opened = await send(second.endpoint, signedPath(second, "Decrypt", { CiphertextBlob: blob }));
  expect(opened.json).toMatchObject({ Plaintext: "aGk=" });
  await first.kms.createKey({});
  expect((await second.kms.listKeys()).totalCount).toBe(1);
  await Promise.all([first.close(), second.close()]);
});

test("the KMS in process is the one behind the server, in the region that was asked for", async () => {
  await using server = await testKms({ region: "cn-hangzhou" });
  const { keyMetadata } = await server.kms.createKey({ description: "made in process" });
  expect(keyMetadata.arn).toBe(`acs:kms:cn-hangzhou:0:key/${keyMetadata.keyId}`);
  const seen = await send(server.endpoint, signedPath(server, "DescribeKey", { KeyId: keyMetadata.keyId }));
  expect(seen.json).toMatchObject({ KeyMetadata: { Description: "made in process" } });
  const reader = await server.accessKeys.create({
    name: "reader",
    policy: JSON.stringify({ Version: "1", Statement: [{ Effect: "Allow", Action: "kms:ListKeys", Resource: "*" }] }),
  });
  expect(await send(server.endpoint, signedPath(reader, "CreateKey"))).toMatchObject({ status: 403 });
});

test("the clock is advanced, and what becomes due is done", async () => {
  await using server = await testKms();
  const { keyId } = (await server.kms.createKey({ enableAutomaticRotation: true, rotationInterval: "7d" })).keyMetadata;
  const now = await server.advance("8d");
  expect(now.getTime()).toBeGreaterThan(Date.now() + 7.9 * 86_400_000);
  expect((await server.kms.listKeyVersions({ keyId })).totalCount).toBe(2);
  const listed = await send(server.endpoint, signedPath(server, "ListKeyVersions", { KeyId: keyId }));
  expect(listed.json).toMatchObject({ TotalCount: 2 });
  await expect(server.advance("-1d")).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
});

test("closed, it listens no more, and can be closed again", async () => {
  const server = await testKms();
  await server.close();
  await server.close();
  const refused = await new Promise<unknown>((resolve) => {
    createConnection(Number(new URL(server.endpoint).port), "127.0.0.1").once("error", resolve);
  });
  expect(refused).toMatchObject({ code: "ECONNREFUSED" });
  await expect(server.kms.createKey({})).rejects.toMatchObject({ code: "ERR_STATE" });
});

test("wrong options and seeds are refused, and leave no server behind", async () => {
  await using other = await testKms();
  const port = Number(new URL(other.endpoint).port);
  for (const [options, code, message] of [
    [null, "ERR_ARGUMENT", /\{ seed, port, region \}/],
    [[], "ERR_ARGUMENT", /\{ seed, port, region \}/],
    [{ sed: {} }, "ERR_ARGUMENT", /"?sed"?.*seed/],
    [{ port: 70_000 }, "ERR_ARGUMENT", /port/],
    [{ port }, "ERR_UNSUPPORTED", /cannot listen/],
    [{ region: "no region" }, "ERR_ARGUMENT", /regionId/],
    [{ seed: null }, "ERR_ARGUMENT", /seed/],
    [{ seed: { keys: [{ keyId: "key-a" }] } }, "ERR_ARGUMENT", /material/],
  ] as const) {
    await expect(testKms(options as never), JSON.stringify(options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  }
});
