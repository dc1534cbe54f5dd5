import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { startServer } from "../harness.ts";
import { type Caller, Scenario, type Shown } from "./scenario.ts";

const load = createRequire(import.meta.url);
const sdk: typeof import("@alicloud/kms20160120") = load("@alicloud/kms20160120");
const { Config }: typeof import("@alicloud/rpc-client") = load("@alicloud/rpc-client");

type Model = new (fields: object) => object;

const methodOf = (operation: string) => operation.charAt(0).toLowerCase() + operation.slice(1);

/** The official SDK of the KMS as it comes: RPC style, HMAC-SHA1, parameters in the query of a POST. */
function officialSdk({
  port,
  accessKeyId,
  accessKeySecret,
}: {
  port: number;
  accessKeyId: string;
  accessKeySecret: string;
}): Caller {
  const config = { accessKeyId, accessKeySecret, endpoint: `127.0.0.1:${port}`, protocol: "http" };
  const client = new sdk.default(new Config({ ...config, type: "access_key", regionId: "local" }));
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(client));
  const operations = methods.map((name) => name.charAt(0).toUpperCase() + name.slice(1));
  return {
    operations: new Set(operations),
    codeSuffix: "Error",
    async call(operation, parameters): Promise<Shown> {
      const model = Reflect.get(sdk, `${operation}Request`) as Model | undefined;
      const fields = Object.entries(parameters).map(([name, value]) => [methodOf(name), value]);
      try {
        const request = model && new model(Object.fromEntries(fields));
        const method = Reflect.get(client, methodOf(operation)) as (request?: object) => Promise<object>;
        return { answer: wireNames(await method.call(client, request)) };
      } catch (error) {
        const { code, message, data } = error as { code: string; message: string; data: Record<string, unknown> };
        const status = Number(/: code: (\d+), /.exec(message)?.[1]);
        return { code, message, status, requestId: String(data?.RequestId) };
      }
    },
  };
}

/** An answer of the SDK with the service's names again: its models map them. */
function wireNames(model: object): Record<string, unknown> {
  const toMap = Reflect.get(load("@alicloud/tea-typescript"), "toMap") as (model: object) => Record<string, unknown>;
  return toMap(model);
}

test("@alicloud/kms20160120 1.2.0: every operation that it shares with the API", async () => {
  await using running = await startServer();
  const caller = officialSdk({ port: running.port, ...running.owner });
  const scenario = new Scenario(caller);
  await scenario.run();
  const shared = [...(caller.operations ?? [])].filter(
    (name) => !/Ex$|Secret|RandomPassword|^DescribeService$|^Constructor$/.test(name),
  );
  const missing = shared.filter((name) => !scenario.succeeded.has(name) && name.length > 3);
  expect(missing.filter((name) => Reflect.has(sdk, `${name}Response`))).toEqual(["CreateKeyVersion"]);
});

test("an encryption context that is an object travels in parts, and equals the one in JSON", async () => {
  await using running = await startServer();
  const caller = officialSdk({ port: running.port, ...running.owner });
  const { answer } = (await caller.call("CreateKey", {})) as { answer: { KeyMetadata: { KeyId: string } } };
  const context = { tenant: "42", "a b": "c&d=é", b: "2" };
  const sealed = await caller.call("Encrypt", {
    KeyId: answer.KeyMetadata.KeyId,
    Plaintext: "aGk=",
    EncryptionContext: context,
  });
  const { CiphertextBlob } = (sealed as { answer: Record<string, unknown> }).answer;
  for (const EncryptionContext of [context, JSON.stringify(context)]) {
    const opened = await caller.call("Decrypt", { CiphertextBlob, EncryptionContext });
    expect(opened).toMatchObject({ answer: { Plaintext: "aGk=" } });
  }
});

test("a plaintext of 6 KB and a context of 8 KB fit into a query", async () => {
  await using running = await startServer();
  const caller = officialSdk({ port: running.port, ...running.owner });
  const { answer } = (await caller.call("CreateKey", {})) as { answer: { KeyMetadata: { KeyId: string } } };
  const EncryptionContext = JSON.stringify({ long: "é".repeat(8_000) });
  const request = { KeyId: answer.KeyMetadata.KeyId, Plaintext: "+".repeat(6_144), EncryptionContext };
  const sealed = await caller.call("Encrypt", request);
  expect(sealed).toHaveProperty("answer");
});

test("wrong credentials are refused, and the client says how", async () => {
  await using running = await startServer();
  const { accessKeyId, accessKeySecret } = running.owner;
  const stranger = officialSdk({ port: running.port, accessKeyId: "LTAInobody", accessKeySecret });
  expect(await stranger.call("ListKeys", {})).toMatchObject({ code: "InvalidAccessKeyId.NotFoundError", status: 404 });
  const forger = officialSdk({ port: running.port, accessKeyId, accessKeySecret: `${accessKeySecret}x` });
  expect(await forger.call("ListKeys", {})).toMatchObject({ code: "SignatureDoesNotMatchError", status: 400 });
});
