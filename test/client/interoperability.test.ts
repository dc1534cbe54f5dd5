import { createRequire } from "node:module";
import { kmsClient } from "lanelock/client";
import { envelope } from "lanelock/envelope";
import { expect, test } from "vitest";
import { startServer, type TestServer } from "../server/harness.ts";

const load = createRequire(import.meta.url);
const sdk: typeof import("@alicloud/kms20160120") = load("@alicloud/kms20160120");
const { Config }: typeof import("@alicloud/rpc-client") = load("@alicloud/rpc-client");
// The types call the class by another name than the module does.
const { RPCClient }: { RPCClient: typeof import("@alicloud/pop-core") } = load("@alicloud/pop-core");

interface Official {
  encrypt(keyId: string, plaintext: string, context: object): Promise<string>;
  decrypt(blob: string, context: object): Promise<string>;
  generateDataKey(keyId: string): Promise<{ plaintext: string; blob: string }>;
}

/** The official SDK, as applications use it. */
function kmsSdk({ port, owner }: TestServer): Official {
  const { accessKeyId, accessKeySecret } = owner;
  const config = { accessKeyId, accessKeySecret, endpoint: `127.0.0.1:${port}`, protocol: "http", type: "access_key" };
  const client = new sdk.default(new Config({ ...config, regionId: "local" }));
  return {
    async encrypt(keyId, plaintext, encryptionContext) {
      const request = new sdk.EncryptRequest({ keyId, plaintext, encryptionContext });
      return String((await client.encrypt(request)).ciphertextBlob);
    },
    async decrypt(ciphertextBlob, encryptionContext) {
      return String((await client.decrypt(new sdk.DecryptRequest({ ciphertextBlob, encryptionContext }))).plaintext);
    },
    async generateDataKey(keyId) {
      const { plaintext, ciphertextBlob } = await client.generateDataKey(new sdk.GenerateDataKeyRequest({ keyId }));
      return { plaintext: String(plaintext), blob: String(ciphertextBlob) };
    },
  };
}

/** Alibaba's general client. */
function popCore({ port, owner }: TestServer): Official {
  const { accessKeyId, accessKeySecret } = owner;
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new RPCClient({ accessKeyId, accessKeySecret, endpoint, apiVersion: "2016-01-20" });
  const call = (action: string, parameters: object) =>
    client.request<Record<string, string>>(action, parameters, { method: "POST" });
  return {
    async encrypt(KeyId, Plaintext, context) {
      const parameters = { KeyId, Plaintext, EncryptionContext: JSON.stringify(context) };
      return String((await call("Encrypt", parameters)).CiphertextBlob);
    },
    async decrypt(CiphertextBlob, context) {
      const parameters = { CiphertextBlob, EncryptionContext: JSON.stringify(context) };
      return String((await call("Decrypt", parameters)).Plaintext);
    },
    async generateDataKey(KeyId) {
      const { Plaintext, CiphertextBlob } = await call("GenerateDataKey", { KeyId });
      return { plaintext: String(Plaintext), blob: String(CiphertextBlob) };
    },
  };
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const encryptionContext = { tenant: "42", "a b": "c&d=é" };

test.each([
  ["@alicloud/kms20160120", kmsSdk],
  ["@alicloud/pop-core", popCore],
])("what the client encrypts %s decrypts, and the reverse", async (_name, make) => {
  await using running = await startServer();
  const official = make(running);
  const client = kmsClient({ endpoint: running.server.url, credentials: running.owner });
  const { keyId } = (await client.createKey({})).keyMetadata;
  for (const length of [0, 1, 2, 3, 255, 4_608]) {
    const plaintext = Uint8Array.from({ length }, (_, index) => 7 * index);
    const { ciphertextBlob } = await client.encrypt({ keyId, plaintext, encryptionContext });
    expect(await official.decrypt(base64(ciphertextBlob), encryptionContext)).toBe(base64(plaintext));
    if (length === 0) continue;
    const theirs = bytesOf(await official.encrypt(keyId, base64(plaintext), encryptionContext));
    expect((await client.decrypt({ ciphertextBlob: theirs, encryptionContext })).plaintext).toEqual(plaintext);
  }
  const ours = await client.generateDataKey({ keyId });
  expect(ours.ciphertextBlob).toHaveLength(client.wrappedKeyLength);
  expect(await official.decrypt(base64(ours.ciphertextBlob), {})).toBe(base64(ours.plaintext));
  const theirs = await official.generateDataKey(keyId);
  expect((await client.decrypt({ ciphertextBlob: bytesOf(theirs.blob) })).plaintext).toEqual(bytesOf(theirs.plaintext));
});

test("text that an SDK encrypted without Base64 is one clear error", async () => {
  await using running = await startServer();
  const client = kmsClient({ endpoint: running.server.url, credentials: running.owner });
  const { keyId } = (await client.createKey({})).keyMetadata;
  const ciphertextBlob = bytesOf(await popCore(running).encrypt(keyId, "plain text", {}));
  const refused = { code: "ERR_PROVIDER", message: expect.stringContaining("expected a plaintext in Base64") };
  await expect(client.decrypt({ ciphertextBlob })).rejects.toMatchObject(refused);
  const asBytes = kmsClient({ endpoint: running.server.url, credentials: running.owner, plaintexts: "bytes" });
  expect((await asBytes.decrypt({ ciphertextBlob })).plaintext).toEqual(new TextEncoder().encode("plain text"));
});

test("bytes that were encrypted in process: refused with the way out, and read as bytes where that is asked for", async () => {
  await using running = await startServer();
  const { kms } = running;
  const { keyId } = (await kms.createKey({})).keyMetadata;
  const plaintext = Uint8Array.of(0xff, 0xfe, 0x00);
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  const client = kmsClient({ endpoint: running.server.url, credentials: running.owner });
  const refused = {
    name: "KmsError",
    code: "InvalidParameter",
    message: expect.stringContaining("encrypted in process"),
  };
  await expect(client.decrypt({ ciphertextBlob })).rejects.toMatchObject(refused);
  const asBytes = kmsClient({ endpoint: running.server.url, credentials: running.owner, plaintexts: "bytes" });
  expect(await asBytes.decrypt({ ciphertextBlob })).toMatchObject({ plaintext });
  // What a client encrypted is Base64 text, in process and as bytes.
  const sent = await client.encrypt({ keyId, plaintext });
  const text = new TextEncoder().encode(base64(plaintext));
  expect((await kms.decrypt({ ciphertextBlob: sent.ciphertextBlob })).plaintext).toEqual(text);
  expect((await asBytes.decrypt({ ciphertextBlob: sent.ciphertextBlob })).plaintext).toEqual(text);
});

test("envelopes: sealed through the client, opened in process, and the reverse", async () => {
  await using running = await startServer();
  const { kms } = running;
  await kms.createAlias({ keyId: (await kms.createKey({})).keyMetadata.keyId, aliasName: "alias/a" });
  const options = { keyId: "alias/a", encryptionContext, workers: 0 } as const;
  const credentials = running.owner;
  await using there = envelope(kmsClient({ endpoint: running.server.url, credentials }), options);
  await using cached = envelope(kmsClient({ endpoint: running.server.url, credentials }), { ...options, cache: true });
  const asBytes = kmsClient({ endpoint: running.server.url, credentials, plaintexts: "bytes" });
  await using bytes = envelope(asBytes, options);
  await using here = envelope(kms, options);
  for (const length of [0, 1_000, 100_000]) {
    const plaintext = Uint8Array.from({ length }, (_, index) => index * 3);
    for (const sealer of [there, cached, bytes]) {
      const message = await sealer.seal(plaintext);
      expect(message.length).toBe(sealer.sealedLength(length));
      expect(message.length).toBe(here.sealedLength(length) + 12);
      for (const opener of [there, cached, bytes, here]) {
        expect(Buffer.compare(await opener.open(message), plaintext)).toBe(0);
      }
    }
    const message = await here.seal(plaintext);
    expect(Buffer.compare(await bytes.open(message), plaintext)).toBe(0);
    // To a client of Base64 the bytes of the data key are no text.
    await expect(there.open(message)).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
  }
  const { keyId } = (await kms.createKey({})).keyMetadata;
  const moved = await there.rewrap(await there.seal(new Uint8Array(9)), { keyId });
  expect(await there.open(moved)).toEqual(new Uint8Array(9));
});
