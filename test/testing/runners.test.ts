import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { installedFolder } from "../realms/installed-folder.ts";
import { nodeOfVersion } from "../reference/other-nodes.ts";

// testKms of the built package in the test runners of its users. A server that its test closes keeps no runner alive.

const { folder } = installedFolder();
const require = createRequire(import.meta.url);

const sdk = `
  import { createRequire } from "node:module";
  import { testKms } from "lanelock/testing";

  const load = createRequire(import.meta.url);
  const { default: Client, CreateKeyRequest, EncryptRequest } = load("@alicloud/kms20160120");
  const { Config } = load("@alicloud/rpc-client");

  test("an application encrypts", async () => {
    const server = await testKms();
    const { host: endpoint, accessKeyId, accessKeySecret, region: regionId } = server;
    const config = { accessKeyId, accessKeySecret, regionId, endpoint, protocol: "http", type: "access_key" };
    const client = new Client(new Config(config));
    const { keyMetadata } = await client.createKey(new CreateKeyRequest({}));
    const { ciphertextBlob } = await client.encrypt(new EncryptRequest({ keyId: keyMetadata.keyId, plaintext: "aGk=" }));
    if (!ciphertextBlob) throw new Error("no ciphertext");
    await server.close();
  });
`;

/** The SDK does not work in jsdom, whose timers have no `unref`: a request as other programs send it, signed and in a form. */
const form = `
  import { createHmac } from "node:crypto";
  import { request } from "node:http";
  import { testKms } from "lanelock/testing";

  test("an application encrypts", async () => {
    const { endpoint, kms, accessKeys, close } = await testKms();
    const { keyId } = (await kms.createKey({})).keyMetadata;
    // A right to this key alone: Decrypt finds it in the blob.
    const allow = { Effect: "Allow", Action: ["kms:Encrypt", "kms:Decrypt"], Resource: "acs:kms:*:*:key/" + keyId };
    const policy = JSON.stringify({ Version: "1", Statement: [allow] });
    const { accessKeyId, accessKeySecret } = await accessKeys.create({ name: "application", policy });
    const ask = (parameters) => new Promise((resolve, reject) => {
      const all = {
        ...{ Format: "JSON", Version: "2016-01-20", AccessKeyId: accessKeyId, SignatureMethod: "HMAC-SHA1" },
        ...{ SignatureVersion: "1.0", SignatureNonce: String(Math.random()) },
        ...{ Timestamp: new Date().toISOString().replace(/\\.\\d+/, ""), ...parameters },
      };
      const pairs = Object.keys(all).sort().map((name) => name + "=" + encodeURIComponent(all[name]));
      const signed = "POST&%2F&" + encodeURIComponent(pairs.join("&"));
      const signature = createHmac("sha1", accessKeySecret + "&").update(signed).digest("base64");
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const sent = request(endpoint, { method: "POST", headers, agent: false }, async (response) => {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve(JSON.parse(text));
      });
      sent.on("error", reject);
      sent.end([...pairs, "Signature=" + encodeURIComponent(signature)].join("&"));
    });
    const { CiphertextBlob } = await ask({ Action: "Encrypt", KeyId: keyId, Plaintext: "aGk=" });
    const answer = await ask({ Action: "Decrypt", CiphertextBlob });
    if (answer.Plaintext !== "aGk=") throw new Error(JSON.stringify(answer));
    await close();
  });
`;

/** Ten times what the slowest takes. */
const PATIENCE = 120_000;

function run(command: readonly string[], node = process.execPath): { status: number | null; output: string } {
  const env = { ...process.env, CI: "", NO_COLOR: "1", VITEST: undefined, NODE_ENV: undefined };
  const { status, stdout, stderr } = spawnSync(node, command, {
    ...{ cwd: folder, encoding: "utf8", timeout: PATIENCE, env },
  });
  return { status, output: `${stdout}\n${stderr}` };
}

function program(name: string, header: string, body = sdk): string {
  writeFileSync(join(folder, name), header + body);
  return name;
}

test("node:test", () => {
  const file = program("node.test.mjs", 'import { test } from "node:test";');
  const { status, output } = run(["--test", file]);
  expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
  expect(output).toMatch(/pass 1\b/);
});

// docs/development.md's example runs vitest every time.
test.each(process.env.LANELOCK_LONG === "1" ? ["with its fake timers"] : [])("vitest, %s", () => {
  const header = 'import { beforeAll, test, vi } from "vitest"; beforeAll(() => void vi.useFakeTimers());';
  const file = program("vitest.test.mjs", header);
  const vitest = join(folder, "node_modules/vitest/vitest.mjs");
  const { status, output } = run([vitest, "run", file, "--root", folder, "--testTimeout=60000"]);
  expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
  expect(output).toMatch(/1 passed/);
});

test.each([
  ["jest-environment-node", sdk, process.execPath],
  ["jest-environment-jsdom", form, nodeOfVersion(24)],
])("jest with %s", (environment, body, node) => {
  const file = program(`${environment}.testing.jest.mjs`, 'import { test } from "@jest/globals";', body);
  const config = join(folder, `${environment}.testing.json`);
  const settings = {
    ...{ rootDir: folder, testMatch: [`<rootDir>/${file}`], moduleFileExtensions: ["mjs", "js", "json", "node"] },
    testEnvironment: require.resolve(environment),
    // As Node takes the package: a page's build has no server.
    testEnvironmentOptions: { customExportConditions: ["node", "node-addons"] },
    ...{ transform: {}, watchman: false, testTimeout: 60_000 },
  };
  writeFileSync(config, JSON.stringify(settings));
  const jest = join(folder, "node_modules/jest/bin/jest.js");
  const options = ["--experimental-vm-modules", "--no-warnings", jest, "--config", config, "--ci", "-i"];
  const { status, output } = run(options, node);
  expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
  expect(output).toMatch(/1 passed/);
});
