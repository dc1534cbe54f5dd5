import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import fc from "fast-check";
import { kmsClient } from "lanelock/client";
import { describe, expect, test } from "vitest";
import { Acs3Signer, canonicalQuery } from "../../src/client/acs3-signature-hmac-sha256.ts";
import { ownHmac, webCryptoHmac } from "../../src/client/hmac-sha256.ts";
import { OPERATIONS } from "../../src/kms/operations/operation-table.ts";
import { readAcs3Claim } from "../../src/server/protocol/acs3-signature-hmac-sha256.ts";
import { readParameters } from "../../src/server/protocol/parameters.ts";
import { RecordingServer, type Seen } from "./recording-server.ts";

const load = createRequire(import.meta.url);
const openApi: typeof import("@alicloud/openapi-client") = load("@alicloud/openapi-client");
const { RuntimeOptions }: typeof import("@alicloud/tea-util") = load("@alicloud/tea-util");

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Alibaba Cloud, "V3 request body and signature mechanism": the example with fixed parameters, RunInstances of ECS. */
test("the example of Alibaba's documentation, byte for byte", async () => {
  const query = canonicalQuery({
    RegionId: "cn-shanghai",
    ImageId: "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
  });
  expect(query).toBe("ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai");
  const headers = {
    ...{ "x-acs-version": "2014-05-26", "x-acs-action": "RunInstances", "x-acs-date": "2023-10-26T10:22:32Z" },
    ...{ "x-acs-content-sha256": EMPTY, "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d" },
  };
  const credentials = { accessKeyId: "YourAccessKeyId", accessKeySecret: "YourAccessKeySecret" };
  const signer = new Acs3Signer();
  expect(await signer.authorization({ query, host: "ecs.cn-shanghai.aliyuncs.com", headers }, credentials)).toBe(
    "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;" +
      "x-acs-signature-nonce;x-acs-version," +
      "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
  );
});

/** The request that the client under Alibaba's newer SDKs sends. */
async function officialRequest(
  server: RecordingServer,
  action: string,
  query: Record<string, string>,
  securityToken?: string,
): Promise<Seen> {
  const { default: Client, Config, OpenApiRequest, Params } = openApi;
  const access = { accessKeyId: "LTAItestid", accessKeySecret: "testsecret", ...(securityToken && { securityToken }) };
  const client = new Client(new Config({ ...access, endpoint: server.host, protocol: "http" }));
  const params = new Params({
    ...{ action, version: "2016-01-20", protocol: "HTTP", pathname: "/", method: "POST", authType: "AK" },
    ...{ style: "RPC", reqBodyType: "formData", bodyType: "json" },
  });
  return server.during(() => client.callApi(params, new OpenApiRequest({ query }), new RuntimeOptions({})));
}

describe("against @alicloud/openapi-client 0.4, which signs for Alibaba's SDKs", () => {
  test.each([
    ["without a token", undefined],
    ["with the token of temporary credentials", "CAIS-token/+="],
  ])("the parameters and the signature are its own, %s", async (_what, securityToken) => {
    await using server = await RecordingServer.start({
      RequestId: "r",
      KeyId: "k",
      KeyVersionId: "v",
      CiphertextBlob: "AA==",
    });
    const encryptionContext = { "a b": "c&d=é*~'()!", b: "2" };
    const Plaintext = Buffer.from("Hello world +/").toString("base64");
    const EncryptionContext = JSON.stringify(encryptionContext);
    const official = await officialRequest(
      server,
      "Encrypt",
      { KeyId: "alias/orders", Plaintext, EncryptionContext },
      securityToken,
    );
    const credentials = { accessKeyId: "LTAItestid", accessKeySecret: "testsecret", securityToken };
    const client = kmsClient({ endpoint: `http://${server.host}`, credentials });
    const plaintext = new TextEncoder().encode("Hello world +/");
    const ours = await server.during(() => client.encrypt({ keyId: "alias/orders", plaintext, encryptionContext }));
    expect(ours.method).toBe(official.method);
    // The SDK sends its parameters in the order of the caller, and signs them in ours.
    const parametersOf = ({ url }: Seen) => Object.fromEntries(new URLSearchParams(url.slice("/?".length)));
    expect(parametersOf(ours)).toEqual(parametersOf(official));
    expect(ours.url).toBe(`/?${canonicalQuery(parametersOf(official))}`);
    expect(ours.body).toBe(official.body);
    const shared = [
      "x-acs-action",
      "x-acs-version",
      "x-acs-content-sha256",
      "x-acs-accesskey-id",
      "x-acs-security-token",
    ];
    for (const name of shared) expect(ours.headers[name], name).toBe(official.headers[name]);
    expect(ours.headers["x-acs-date"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

    // With the SDK's date and nonce, and whatever else it signs, our signer writes the SDK's signature.
    const [, names = ""] = /SignedHeaders=([^,]+)/.exec(official.headers.authorization ?? "") ?? [];
    const signed = names.split(";").filter((name) => name !== "host");
    const headers = Object.fromEntries(signed.map((name) => [name, official.headers[name] ?? ""]));
    const query = ours.url.slice("/?".length);
    const authorization = await new Acs3Signer().authorization({ query, host: server.host, headers }, credentials);
    expect(authorization).toBe(official.headers.authorization?.replaceAll(", ", ","));
  });
});

test.each([
  ["WebCrypto's HMAC", webCryptoHmac],
  ["Node's own", ownHmac],
])("%s is that of node:crypto, for secrets shorter and longer than a block", async (_name, hmacOf) => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 200 });
  const length = fc.constantFrom(1, 30, 63, 64, 65, 200);
  await fc.assert(
    fc.asyncProperty(length, text, text, async (size, one, another) => {
      const secret = "s".repeat(size);
      const hmac = hmacOf(secret);
      for (const message of [one, another]) {
        const expected = createHmac("sha256", secret).update(message).digest("hex");
        expect(await hmac(message)).toBe(expected);
      }
    }),
    { numRuns: 30 },
  );
});

test("what the client signs, for any fields of any operation, is what the server verifies", async () => {
  const signer = new Acs3Signer();
  const text = fc.string({ unit: "binary", maxLength: 40 });
  const parameters = fc.dictionary(
    text.filter((name) => name !== "" && name !== "__proto__"),
    text,
    { maxKeys: 8 },
  );
  const action = fc.constantFrom(...Object.values(OPERATIONS).map(({ name }) => name));
  await fc.assert(
    fc.asyncProperty(parameters, action, fc.boolean(), async (given, name, hasToken) => {
      const credentials = { accessKeyId: "LTAI", accessKeySecret: "secret" };
      const headers = {
        ...{ "x-acs-action": name, "x-acs-version": "2016-01-20", "x-acs-date": "2026-11-22T00:29:02Z" },
        ...{
          "x-acs-content-sha256": EMPTY,
          "x-acs-signature-nonce": "27ec",
          ...(hasToken && { "x-acs-security-token": "t" }),
        },
      };
      const query = canonicalQuery(given);
      const authorization = await signer.authorization({ query, host: "h:1", headers }, credentials);
      const read = new Map<string, string>();
      readParameters(query, read);
      expect(Object.fromEntries(read)).toEqual({ ...given });
      const claim = readAcs3Claim({
        ...{ method: "POST", path: "/", query: read, form: new Map(), body: new Uint8Array() },
        headers: { ...headers, host: "h:1", authorization },
      });
      expect(claim.isSignedWith("secret")).toBe(true);
      expect(claim.isSignedWith("another")).toBe(false);
      expect(claim).toMatchObject({ action: name, securityToken: hasToken ? "t" : undefined });
    }),
    { numRuns: 40 },
  );
});
