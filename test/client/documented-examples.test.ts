import { createRequire } from "node:module";
import { kmsClient } from "lanelock/client";
import { describe, expect, test } from "vitest";
import { OPERATIONS } from "../../src/kms/operations/operation-table.ts";
import { CRYPTOGRAPHY_EXAMPLES } from "./documented/cryptography.ts";
import type { DocumentedExample } from "./documented/example.ts";
import { KEY_EXAMPLES } from "./documented/keys.ts";
import { MATERIAL_AND_TAG_EXAMPLES } from "./documented/material-and-tags.ts";
import { NAME_AND_VERSION_EXAMPLES } from "./documented/names-and-versions.ts";
import { RecordingServer, type Seen } from "./recording-server.ts";

const load = createRequire(import.meta.url);
const sdk: Readonly<Record<string, new (request: object) => object>> = load("@alicloud/kms20160120");
const { Config }: typeof import("@alicloud/rpc-client") = load("@alicloud/rpc-client");
const openApi: typeof import("@alicloud/openapi-client") = load("@alicloud/openapi-client");
const { RuntimeOptions }: typeof import("@alicloud/tea-util") = load("@alicloud/tea-util");

const EXAMPLES = Object.entries({
  ...KEY_EXAMPLES,
  ...NAME_AND_VERSION_EXAMPLES,
  ...MATERIAL_AND_TAG_EXAMPLES,
  ...CRYPTOGRAPHY_EXAMPLES,
});
const VERSION = "2016-01-20";
const access = { accessKeyId: "LTAItestid", accessKeySecret: "testsecret" };

type Parameters = Readonly<Record<string, string>>;

function printedParameters({ printed = "" }: DocumentedExample): Parameters {
  const pairs = printed === "" ? [] : printed.split("&").map((pair) => pair.split(/=(.*)/s));
  return Object.fromEntries(pairs.map(([name = "", value = ""]) => [name, value]));
}

/** What the documentation asks for, without Action, which ACS3 has in a header. */
function documentedParameters(example: DocumentedExample): Parameters {
  const { Action: _, ...parameters } = { ...printedParameters(example), ...example.parameters };
  return parameters;
}

/** RFC 3986 §2.3, as the documentation of the signature demands: what encodeURIComponent leaves alone is encoded too. */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);

function canonical(parameters: Parameters): string {
  const names = Object.keys(parameters).sort();
  return names.map((name) => `${encoded(name)}=${encoded(parameters[name] ?? "")}`).join("&");
}

const urlOf = (query: string) => (query === "" ? "/" : `/?${query}`);

function queryOf({ url }: Seen): Parameters {
  return Object.fromEntries(new URLSearchParams(url.slice("/?".length)));
}

test("every operation has an example", () => {
  const operations = Object.values(OPERATIONS).map(({ name }) => name);
  expect(EXAMPLES.map(([name]) => name).sort()).toEqual(operations.filter((name) => name !== "SeedKey").sort());
});

test("what an example says instead of the documentation differs from it", () => {
  for (const [name, example] of EXAMPLES) {
    const printed = printedParameters(example);
    for (const [parameter, value] of Object.entries(example.parameters ?? {})) {
      expect(printed[parameter], `${name} ${parameter}`).not.toBe(value);
    }
    const action = example.parameters?.Action ?? printed.Action ?? name;
    expect(action).toBe(name);
  }
});

describe.each(EXAMPLES)("%s", (name, example) => {
  const parameters = documentedParameters(example);

  test("sends the documented request, byte for byte, and decodes the documented answer", async () => {
    await using server = await RecordingServer.start(example.answer);
    const kms = kmsClient({ endpoint: `http://${server.host}`, credentials: access });
    let answered: unknown;
    const seen = await server.during(async () => {
      answered = await example.call(kms);
    });
    expect(seen.url).toBe(urlOf(canonical(parameters)));
    expect(seen).toMatchObject({ method: "POST", body: "" });
    // The common parameters of the older signature are headers in ACS3.
    expect(seen.headers).toMatchObject({ "x-acs-action": name, "x-acs-version": VERSION });
    expect(seen.headers.authorization).toMatch(/^ACS3-HMAC-SHA256 Credential=LTAItestid,/);
    for (const common of ["x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"]) {
      expect(seen.headers[common]).toBeTypeOf("string");
    }
    expect(answered).toEqual(example.answered);
  });

  test("is what Alibaba's newer SDKs send for the same parameters", async () => {
    await using server = await RecordingServer.start(example.answer);
    const official = await server.during(() => officialCall(server.host, name, parameters));
    // They leave some marks in the query that the signature has encoded.
    expect(official.url.replace(/[!'()*]/g, encoded)).toBe(urlOf(canonical(parameters)));
    expect(official).toMatchObject({ method: "POST", body: "" });
    expect(official.headers).toMatchObject({ "x-acs-action": name, "x-acs-version": VERSION });
  });
});

/** The client under Alibaba's newer SDKs. It keeps its caller's order in the query, so it gets ours. */
function officialCall(host: string, action: string, parameters: Parameters): Promise<unknown> {
  const { default: Client, Config: OpenApiConfig, OpenApiRequest, Params } = openApi;
  const client = new Client(new OpenApiConfig({ ...access, endpoint: host, protocol: "http" }));
  const params = new Params({
    ...{ action, version: VERSION, protocol: "HTTP", pathname: "/", method: "POST", authType: "AK" },
    ...{ style: "RPC", reqBodyType: "formData", bodyType: "json" },
  });
  const query = Object.fromEntries(
    Object.keys(parameters)
      .sort()
      .map((one) => [one, parameters[one]]),
  );
  return client.callApi(params, new OpenApiRequest({ query }), new RuntimeOptions({}));
}

/** Operations that @alicloud/kms20160120 1.2 does not know: newer than it, or ours. */
const UNKNOWN_TO_SDK = [
  ...["ExportDataKey", "GenerateAndExportDataKey", "GenerateRandom", "ReEncrypt"],
  ...["RotateKey", "SetDeletionProtection"],
];

/** Parameters that it lacks. */
const UNKNOWN_PARAMETERS: Readonly<Record<string, readonly string[]>> = { ListKeys: ["Filters"] };

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

/** The older SDK, which has a class of its own for each request. */
async function sdkCall(host: string, name: string, parameters: Parameters): Promise<unknown> {
  const { [`${name}Request`]: Request, default: Client } = sdk;
  if (Request === undefined || Client === undefined) throw new Error(`The SDK has no ${name}`);
  const config = new Config({ ...access, endpoint: host, protocol: "http", type: "access_key", regionId: "local" });
  const fields = Object.entries(parameters).map(([parameter, value]) => [lowerFirst(parameter), value]);
  const client = new Client(config) as Record<string, (request: object) => Promise<unknown>>;
  return client[lowerFirst(name)]?.(new Request(Object.fromEntries(fields)));
}

test("the older SDK knows all other operations", () => {
  const unknown = EXAMPLES.map(([name]) => name).filter((name) => sdk[`${name}Request`] === undefined);
  expect(unknown.sort()).toEqual(UNKNOWN_TO_SDK);
});

test.each(EXAMPLES.filter(([name]) => !UNKNOWN_TO_SDK.includes(name)))(
  "@alicloud/kms20160120 sends the same parameters of %s",
  async (name, example) => {
    const parameters = documentedParameters(example);
    await using server = await RecordingServer.start(example.answer);
    const seen = await server.during(() => sdkCall(server.host, name, parameters));
    const common = {
      ...{ Action: name, Version: VERSION, Format: "json", SignatureMethod: "HMAC-SHA1", SignatureVersion: "1.0" },
      ...{ AccessKeyId: access.accessKeyId, Signature: expect.stringMatching(/^.{27}=$/) },
      ...{ Timestamp: expect.stringMatching(/Z$/), SignatureNonce: expect.stringMatching(/./) },
    };
    const known = Object.entries(parameters).filter(([one]) => !UNKNOWN_PARAMETERS[name]?.includes(one));
    expect(queryOf(seen)).toEqual({ ...Object.fromEntries(known), ...common });
  },
);
