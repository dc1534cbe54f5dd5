import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { externalKeys } from "lanelock/external";
import { Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ExternalProxy, type ProxyLogEntry, startExternalProxy } from "../../src/external-proxy/index.ts";
import { rootKey, TestClock } from "../kms/open-kms.ts";
import { binding, host, iv, outcome } from "../pkcs11/objects/key-objects.ts";
import { lookAt } from "../pkcs11/objects/token-objects.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { createSoftHsmToken } from "../tokens/softhsm.ts";
import { createAuthority } from "./certificates.ts";

const token = createSoftHsmToken("external");
const authority = createAuthority("keys");
const server = authority.issue("server", "IP:127.0.0.1,DNS:localhost");
const [orders, billing] = [authority.issue("orders"), authority.issue("billing")];
const otherAuthority = createAuthority("elsewhere");
const stranger = otherAuthority.issue("orders");
const secretFolder = scratchFolder("secret");
const secrets = { orders: new Uint8Array(randomBytes(32)), billing: new Uint8Array(randomBytes(40)) };
const bytes = (length: number) => new Uint8Array(randomBytes(length));

let proxy: ExternalProxy;
const log: ProxyLogEntry[] = [];
beforeAll(async () => {
  proxy = await startExternalProxy({
    token: { ...token, sessions: { max: 4 } },
    port: 0,
    tls: server,
    clientCa: authority.pem,
    clients: secrets,
    log: (entry) => log.push(entry),
  });
});
afterAll(() => proxy.close());

type Options = Parameters<typeof externalKeys>[0];
const byHmac = (client: keyof typeof secrets = "orders"): Options => ({
  url: proxy.url,
  ca: authority.pem,
  credentials: { client, secret: secrets[client] },
});
const byCertificate = (certificate = orders): Options => ({
  url: proxy.url,
  ca: authority.pem,
  credentials: { certificate: certificate.certificate, privateKey: certificate.privateKey },
});

describe.each([
  ["HMAC", () => byHmac()],
  ["certificate", () => byCertificate()],
])("a client known by its %s", (_name, optionsOf) => {
  const open = (more: Partial<Options> = {}, kmsOptions = {}) =>
    Kms.open({
      store: memoryStore(),
      rootKey,
      sweepSeconds: false,
      external: externalKeys({ ...optionsOf(), ...more }),
      ...kmsOptions,
    });

  test.each([false, true])("encrypts in every mode and padding, with verifyEncrypt %s", async (verifyEncrypt) => {
    await using kms = await open({ verifyEncrypt });
    const { keyMetadata } = await kms.createKey({ protectionLevel: "EXTERNAL" });
    const { keyId } = keyMetadata;
    expect(keyMetadata.custody).toBe("external");
    const context = { tenant: "42" };
    for (const length of [0, 1, 16, 32, 6144]) {
      const plaintext = bytes(length);
      const choices = [
        { encryptionContext: context },
        {},
        { algorithm: "AES_CBC" },
        { algorithm: "AES_ECB" },
        { algorithm: "AES_CBC", iv: bytes(16) },
        { algorithm: "AES_CBC", paddingMode: "NO_PADDING" },
        { algorithm: "AES_ECB", paddingMode: "NO_PADDING" },
      ] as const;
      for (const choice of choices) {
        if ("paddingMode" in choice && length % 16 !== 0) continue;
        const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, ...choice });
        const opening =
          "encryptionContext" in choice ? { ciphertextBlob, encryptionContext: context } : { ciphertextBlob };
        expect(Buffer.from((await kms.decrypt(opening)).plaintext)).toEqual(Buffer.from(plaintext));
      }
    }
  });

  test("keys outlive KMS and connection, rotate, and are destroyed on the token", async () => {
    const store = memoryStore();
    const time = new TestClock();
    const common = { store, clock: time.clock };
    const plaintext = bytes(20);
    const blobs: Uint8Array[] = [];
    const objects = () => lookAt(token).labels().length;
    const before = objects();
    let keyId = "";
    {
      await using kms = await open({}, common);
      ({ keyId } = (await kms.createKey({ protectionLevel: "EXTERNAL" })).keyMetadata);
      blobs.push((await kms.encrypt({ keyId, plaintext })).ciphertextBlob);
      await kms.rotateKey({ keyId });
      blobs.push((await kms.encrypt({ keyId, plaintext })).ciphertextBlob);
      blobs.push((await kms.encrypt({ keyId, plaintext, algorithm: "AES_CBC" })).ciphertextBlob);
      expect(objects() - before).toBe(3);
    }
    await using kms = await open({}, common);
    for (const ciphertextBlob of blobs) {
      expect(Buffer.from((await kms.decrypt({ ciphertextBlob })).plaintext)).toEqual(Buffer.from(plaintext));
    }
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
    time.advance({ days: 8 });
    await kms.sweep();
    expect(objects() - before).toBe(0);
  });

  test("a ciphertext that does not authenticate or is not padded gets the service's one error", async () => {
    await using kms = await open();
    const { keyId } = (await kms.createKey({ protectionLevel: "EXTERNAL" })).keyMetadata;
    const gcm = (await kms.encrypt({ keyId, plaintext: bytes(20) })).ciphertextBlob;
    const cbc = (await kms.encrypt({ keyId, plaintext: bytes(20), algorithm: "AES_CBC" })).ciphertextBlob;
    const flip = (blob: Uint8Array, at: number) => blob.map((byte, index) => (index === at ? byte ^ 0x80 : byte));
    for (const ciphertextBlob of [
      flip(gcm, gcm.length - 1),
      gcm.subarray(0, -1),
      flip(cbc, cbc.length - 17),
      cbc.subarray(0, -1),
    ]) {
      await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject({
        code: "InvalidParameter",
        message: 'The specified parameter "CiphertextBlob" is not valid.',
      });
    }
  });
});

test("the right to Encrypt alone does not break GCM: ECB and CBC have keys of their own (the attack is proved in hsm/kms.test.ts)", async () => {
  await using kms = await Kms.open({
    ...{ store: memoryStore(), rootKey, sweepSeconds: false as const },
    external: externalKeys(byHmac()),
  });
  const { keyId } = (await kms.createKey({ protectionLevel: "EXTERNAL" })).keyMetadata;
  const secret = new Uint8Array(Buffer.from("sixteen letters!"));
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: secret });
  const [prefix, gcmIv, body] = [
    ciphertextBlob.slice(0, 36),
    ciphertextBlob.slice(36, 48),
    ciphertextBlob.slice(48, 64),
  ];
  const counterBlock = new Uint8Array([...gcmIv, 0, 0, 0, 2]);
  const noPadding = { keyId, plaintext: counterBlock, paddingMode: "NO_PADDING" } as const;
  const ecb = await kms.encrypt({ ...noPadding, algorithm: "AES_ECB" });
  const cbc = await kms.encrypt({ ...noPadding, algorithm: "AES_CBC", iv: new Uint8Array(16) });
  for (const keystream of [ecb.ciphertextBlob.subarray(39, 55), cbc.ciphertextBlob.subarray(55, 71)]) {
    expect(keystream).toHaveLength(16);
    expect(body.map((byte, at) => byte ^ (keystream[at] ?? 0))).not.toEqual(secret);
  }
  for (const header of [
    [0x24, 2, 4, ...prefix],
    [0x24, 2, 3, ...prefix, ...new Uint8Array(16)],
  ]) {
    const { plaintext } = await kms.decrypt({ ciphertextBlob: new Uint8Array([...header, ...body]) });
    expect(plaintext).not.toEqual(secret);
    expect(plaintext.map((byte, at) => byte ^ (body[at] ?? 0))).not.toEqual(secret);
  }
});

test("a client cannot use another's keys, nor its own in another mode", async () => {
  const [mine, theirs] = [externalKeys(byHmac("orders")), externalKeys(byHmac("billing"))];
  await Promise.all([mine.open(host), theirs.open(host)]);
  const bound = binding("Aliyun_AES_256", { protectionLevel: "EXTERNAL" });
  const { handle } = await mine.createKey({ binding: bound });
  await expect(outcome(() => theirs.loadCipherKey({ binding: bound, handle }))).rejects.toMatchObject({
    code: "ERR_PROVIDER",
    cause: { refusal: "key_not_found" },
  });
  const asEcb = { ...bound, mode: "ECB" as const };
  await expect(outcome(() => mine.loadCipherKey({ binding: asEcb, handle }))).rejects.toMatchObject({
    code: "ERR_PROVIDER",
  });
  // Destroying under a false name destroys nothing.
  await theirs.destroyKey({ binding: bound, handle });
  await mine.destroyKey({ binding: asEcb, handle });
  const key = await mine.loadCipherKey({ binding: bound, handle });
  expect(await key.encrypt({ data: bytes(8), iv: iv("GCM") })).toHaveLength(24);
  await mine.destroyKey({ binding: bound, handle });
  await mine.destroyKey({ binding: bound, handle });
  await expect(outcome(() => key.encrypt({ data: bytes(8), iv: iv("GCM") }))).rejects.toMatchObject({
    code: "ERR_PROVIDER",
    cause: { refusal: "key_not_found" },
  });
  await Promise.all([mine.close(), theirs.close()]);
});

describe("a client that is not known", () => {
  const opening = async (options: Options): Promise<string> => {
    const provider = externalKeys(options);
    try {
      await provider.open(host);
      return "open";
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return `${code}: ${message}`;
    } finally {
      await provider.close();
    }
  };

  test("is refused: wrong secret, unknown name, foreign certificate, none at all", async () => {
    const credentials = { client: "orders", secret: bytes(32) };
    expect(await opening({ ...byHmac(), credentials })).toMatch(/^ERR_PROVIDER: .* does not accept this client/);
    expect(await opening({ ...byHmac(), credentials: { client: "nobody", secret: secrets.orders } })).toMatch(
      /^ERR_PROVIDER: .* does not accept this client/,
    );
    expect(await opening(byCertificate(stranger))).toMatch(/^ERR_PROVIDER: /);
    expect(await opening(byCertificate(authority.issueWithoutName()))).toMatch(/refused \(unauthenticated\)/);
    expect(await opening(byCertificate(billing))).toBe("open");
    expect(log.filter(({ status }) => status === 401).every(({ client }) => client === undefined)).toBe(true);
  });

  test("does not talk to a manager that it does not know either, nor without TLS", async () => {
    const { ca, ...systemsOwn } = byHmac();
    expect(ca).toContain("CERTIFICATE");
    expect(await opening(systemsOwn)).toMatch(/^ERR_PROVIDER: .* failed: .*(certificate|issuer)/);
    expect(await opening({ ...byHmac(), ca: otherAuthority.pem })).toMatch(/^ERR_PROVIDER: .*(certificate|issuer)/);
    expect(await opening({ ...byHmac(), serverName: "other.example" })).toMatch(/^ERR_PROVIDER: .*altnames/);
    expect(await opening({ ...byHmac(), serverName: "localhost" })).toBe("open");
    const plain = { ...byHmac(), url: proxy.url.replace("https", "http") };
    expect(() => externalKeys(plain)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
  });

  test("the secret may come from a file that only its owner can read", async () => {
    const file = join(secretFolder, "secret");
    writeFileSync(file, `${Buffer.from(secrets.orders).toString("base64")}\n`, { mode: 0o600 });
    expect(await opening({ ...byHmac(), credentials: { client: "orders", secret: { file } } })).toBe("open");
    writeFileSync(file, Buffer.from(bytes(20)).toString("base64"));
    expect(await opening({ ...byHmac(), credentials: { client: "orders", secret: { file } } })).toMatch(
      /^ERR_ARGUMENT: .*32/,
    );
  });
});

test("options are checked and named", () => {
  const wrong = [
    [{ url: "http://localhost:1" }, "url"],
    [{ url: "https://localhost/path" }, "url"],
    [{ url: "https://user:password@localhost" }, "url"],
    [{ url: "nowhere" }, "url"],
    [{ credentials: undefined }, "credentials"],
    [{ credentials: { client: "a b", secret: bytes(32) } }, "credentials"],
    [{ credentials: { client: "orders" } }, "credentials"],
    [{ credentials: { certificate: orders.certificate } }, "credentials"],
    [{ verifyEncrypt: "yes" }, "verifyEncrypt"],
    [{ timeoutMs: 0 }, "timeoutMs"],
    [{ maxConnections: 0 }, "maxConnections"],
    [{ ca: 5 }, "ca"],
  ] as const;
  for (const [change, option] of wrong) {
    const make = () => Reflect.apply(externalKeys, undefined, [{ ...byHmac(), ...change }]);
    expect(make).toThrow(
      expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringContaining(`"${option}"`) }),
    );
  }
});

test("the level takes Aliyun_AES_256 of its own making, and nothing else", async () => {
  await using kms = await Kms.open({
    store: memoryStore(),
    rootKey,
    sweepSeconds: false,
    external: externalKeys(byHmac()),
  });
  const protectionLevel = "EXTERNAL" as const;
  for (const request of [
    { keySpec: "Aliyun_AES_128" },
    { keySpec: "Aliyun_SM4" },
    { keySpec: "RSA_2048" },
    { origin: "EXTERNAL" },
  ] as const) {
    await expect(kms.createKey({ ...request, protectionLevel })).rejects.toMatchObject({
      code: "UnsupportedOperation",
    });
  }
});
