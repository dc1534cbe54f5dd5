import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { installedFolder } from "../realms/installed-folder.ts";

// testKms of the built package in the test runners of its users. A server that its test closes keeps no runner alive.

const { folder } = installedFolder();
const require = createRequire(import.meta.url);

const body = `
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

/** Ten times what the slowest takes. */
const PATIENCE = 120_000;

function run(...command: string[]): { status: number | null; output: string } {
  const env = { ...process.env, CI: "", NO_COLOR: "1", VITEST: undefined, NODE_ENV: undefined };
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    ...{ cwd: folder, encoding: "utf8", timeout: PATIENCE, env },
  });
  return { status, output: `${stdout}\n${stderr}` };
}

function program(name: string, header: string): string {
  writeFileSync(join(folder, name), header + body);
  return name;
}

test("node:test", () => {
  const file = program("node.test.mjs", 'import { test } from "node:test";');
  const { status, output } = run("--test", file);
  expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
  expect(output).toMatch(/pass 1\b/);
});

// docs/development.md's example runs vitest every time.
test.each(process.env.LANELOCK_LONG === "1" ? ["with its fake timers"] : [])("vitest, %s", () => {
  const header = 'import { beforeAll, test, vi } from "vitest"; beforeAll(() => void vi.useFakeTimers());';
  const file = program("vitest.test.mjs", header);
  const { status, output } = run(
    join(folder, "node_modules/vitest/vitest.mjs"),
    "run",
    file,
    "--root",
    folder,
    "--testTimeout=60000",
  );
  expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
  expect(output).toMatch(/1 passed/);
});

test("jest", () => {
  const file = program("testing.jest.mjs", 'import { test } from "@jest/globals";');
  const config = join(folder, "testing.jest.json");
  const settings = {
    ...{ rootDir: folder, testMatch: [`<rootDir>/${file}`], moduleFileExtensions: ["mjs", "js", "json", "node"] },
    ...{
      testEnvironment: require.resolve("jest-environment-node"),
      transform: {},
      watchman: false,
      testTimeout: 60_000,
    },
  };
  writeFileSync(config, JSON.stringify(settings));
  const jest = join(folder, "node_modules/jest/bin/jest.js");
  const { status, output } = run("--experimental-vm-modules", "--no-warnings", jest, "--config", config, "--ci", "-i");
  expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
  expect(output).toMatch(/1 passed/);
});
