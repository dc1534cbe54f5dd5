import { createRequire } from "node:module";
import { rewrapStore } from "lanelock/kms";
import { serve } from "lanelock/server";
import { memoryStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { openKms, rootKey } from "../kms/open-kms.ts";
import { startServer, type TestServer } from "./harness.ts";

// The types call the class by another name than the module does.
const { RPCClient }: { RPCClient: typeof import("@alicloud/pop-core") } = createRequire(import.meta.url)(
  "@alicloud/pop-core",
);

interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

function clientOf(url: string, { accessKeyId, accessKeySecret }: Credentials) {
  const client = new RPCClient({ accessKeyId, accessKeySecret, endpoint: url, apiVersion: "2016-01-20" });
  return (operation: string, parameters: object = {}) =>
    client.request<Record<string, string>>(operation, parameters, { method: "POST" });
}

async function clientWith(running: TestServer, ...statements: object[]) {
  const policy = JSON.stringify({ Version: "1", Statement: statements });
  return clientOf(running.server.url, await running.server.accessKeys.create({ name: "limited", policy }));
}

const denied = { code: "Forbidden.NoPermission" };

test("a caller may do what its policy allows, on the keys that it allows, and no more", async () => {
  await using running = await startServer();
  const { kms } = running;
  const { keyMetadata: mine } = await kms.createKey({});
  const { keyMetadata: other } = await kms.createKey({});
  await kms.createAlias({ keyId: mine.keyId, aliasName: "alias/mine" });
  const call = await clientWith(running, {
    ...{ Effect: "Allow", Action: ["kms:Encrypt", "kms:Decrypt"], Resource: `acs:kms:*:*:key/${mine.keyId}` },
  });
  const { CiphertextBlob } = await call("Encrypt", { KeyId: "alias/mine", Plaintext: "aGk=" });
  expect(await call("Decrypt", { CiphertextBlob })).toMatchObject({ Plaintext: "aGk=" });
  await expect(call("Encrypt", { KeyId: other.keyId, Plaintext: "aGk=" })).rejects.toMatchObject(denied);
  await expect(call("DescribeKey", { KeyId: mine.keyId })).rejects.toMatchObject(denied);
  await expect(call("ListKeys")).rejects.toMatchObject(denied);
  const foreign = await kms.encrypt({ keyId: other.keyId, plaintext: new Uint8Array(3) });
  const blob = Buffer.from(foreign.ciphertextBlob).toString("base64");
  await expect(call("Decrypt", { CiphertextBlob: blob })).rejects.toMatchObject(denied);
});

test("a caller that may not use a key does not learn whether it exists", async () => {
  await using running = await startServer();
  const { keyMetadata } = await running.kms.createKey({});
  const call = await clientWith(running, { Effect: "Allow", Action: "kms:*", Resource: "acs:kms:*:*:key/another" });
  const answers = [];
  for (const KeyId of [keyMetadata.keyId, "key-unknown", "alias/unknown"]) {
    answers.push(await call("DescribeKey", { KeyId }).catch(({ data }) => [data.Code, data.Message]));
  }
  expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
  const everything = clientOf(running.server.url, running.owner);
  await expect(everything("DescribeKey", { KeyId: "key-unknown" })).rejects.toMatchObject({
    code: "Forbidden.KeyNotFound",
  });
});

test("re-encryption needs both keys", async () => {
  await using running = await startServer();
  const { kms } = running;
  const [from, to] = [(await kms.createKey({})).keyMetadata.keyId, (await kms.createKey({})).keyMetadata.keyId];
  const sealed = await kms.encrypt({ keyId: from, plaintext: new Uint8Array(3) });
  const request = { CiphertextBlob: Buffer.from(sealed.ciphertextBlob).toString("base64"), DestinationKeyId: to };
  const allow = (Action: string, keyId: string) => ({ Effect: "Allow", Action, Resource: `acs:kms:*:*:key/${keyId}` });
  const both = await clientWith(running, allow("kms:ReEncryptFrom", from), allow("kms:ReEncryptTo", to));
  expect(await both("ReEncrypt", request)).toMatchObject({ KeyId: from });
  for (const statement of [allow("kms:ReEncrypt*", from), allow("kms:ReEncrypt*", to)]) {
    await expect((await clientWith(running, statement))("ReEncrypt", request)).rejects.toMatchObject(denied);
  }
});

test("conditions on tags, the encryption context and the address", async () => {
  await using running = await startServer();
  const { keyMetadata } = await running.kms.createKey({ tags: [{ tagKey: "Project", tagValue: "orders" }] });
  const { keyMetadata: untagged } = await running.kms.createKey({});
  const call = await clientWith(running, {
    ...{ Effect: "Allow", Action: "kms:Encrypt", Resource: "*" },
    Condition: {
      StringEquals: { "kms:tag/Project": "orders", "kms:EncryptionContext:tenant": ["42", "43"] },
      IpAddress: { "acs:SourceIp": "127.0.0.0/8" },
      Bool: { "acs:SecureTransport": "false" },
    },
  });
  const encrypt = (KeyId: string, tenant: string) =>
    call("Encrypt", { KeyId, Plaintext: "aGk=", EncryptionContext: JSON.stringify({ tenant }) });
  await encrypt(keyMetadata.keyId, "42");
  await expect(encrypt(keyMetadata.keyId, "44")).rejects.toMatchObject(denied);
  await expect(encrypt(untagged.keyId, "42")).rejects.toMatchObject(denied);
  await running.kms.untagResource({ keyId: keyMetadata.keyId, tagKeys: ["Project"] });
  await expect(encrypt(keyMetadata.keyId, "42")).rejects.toMatchObject(denied);
});

test("an access key that is disabled, deleted or given another policy obeys within checkMilliseconds", async () => {
  await using running = await startServer({ checkMilliseconds: 0 });
  const { accessKeys, url } = running.server;
  const made = await accessKeys.create({ name: "service" });
  const call = clientOf(url, made);
  await call("ListKeys");
  await accessKeys.setStatus(made.accessKeyId, "Inactive");
  await expect(call("ListKeys")).rejects.toMatchObject({ code: "InvalidAccessKeyId.Inactive" });
  await accessKeys.setStatus(made.accessKeyId, "Active");
  await call("ListKeys");
  const statement = { Effect: "Deny", Action: "*", Resource: "*" };
  await accessKeys.setPolicy(made.accessKeyId, JSON.stringify({ Version: "1", Statement: [statement] }));
  await expect(call("ListKeys")).rejects.toMatchObject(denied);
  await accessKeys.delete(made.accessKeyId);
  await expect(call("ListKeys")).rejects.toMatchObject({ code: "InvalidAccessKeyId.NotFound" });
  expect((await accessKeys.list()).map(({ name }) => name)).toEqual(["owner"]);
});

test("a refusal is in the audit log, with the caller and the key", async () => {
  const events: object[] = [];
  await using running = await startServer({}, { audit: (event) => void events.push(event) });
  const { keyMetadata } = await running.kms.createKey({});
  const call = await clientWith(running, { Effect: "Allow", Action: "kms:ListKeys", Resource: "*" });
  await expect(call("DescribeKey", { KeyId: keyMetadata.keyId })).rejects.toMatchObject(denied);
  await running.server.close();
  await running.kms.close();
  expect(events).toContainEqual(
    expect.objectContaining({
      ...{ operation: "DescribeKey", caller: "limited", keyId: keyMetadata.keyId, outcome: "Forbidden.NoPermission" },
    }),
  );
  expect(events).toContainEqual(expect.objectContaining({ operation: "CreateAccessKey", outcome: "OK" }));
});

test("secrets are wrapped in the store, and outlive a change of the root key", async () => {
  const store = memoryStore();
  const newRootKey = new Uint8Array(32).fill(7);
  const kms = await openKms({ store });
  const server = await serve({ kms });
  const owner = await server.accessKeys.create({ name: "owner" });
  await server.close();
  await kms.close();
  await store.open();
  const held = await store.read((rows) => rows.meta("document access-keys"));
  await store.close();
  expect(held?.length).toBeGreaterThan(100);
  expect(Buffer.from(held ?? []).includes(owner.accessKeySecret)).toBe(false);

  await rewrapStore({ store, rootKey, newRootKey, sweepSeconds: false });
  const again = await openKms({ store, rootKey: newRootKey });
  const second = await serve({ kms: again });
  expect(await clientOf(second.url, owner)("ListKeys")).toMatchObject({ TotalCount: 0 });
  await second.close();
  await again.close();
});
