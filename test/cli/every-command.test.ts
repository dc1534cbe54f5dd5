import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let home: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "lanelock-cli-"));
  expect(await run(["init"])).toMatchObject({ status: 0, stderr: "" });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real binary; `deaf`: nobody reads what it prints. */
function run(args: readonly string[], { deaf = false } = {}): Promise<Ran> {
  const child = spawn(process.execPath, [binary, ...args], { env: { PATH: process.env.PATH, LANELOCK_HOME: home } });
  let [stdout, stderr] = ["", ""];
  child.stdin.end();
  if (deaf) child.stdout.destroy();
  else child.stdout.on("data", (data) => (stdout += data));
  child.stderr.on("data", (data) => (stderr += data));
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, stdout, stderr })));
}

const COMMANDS = [
  ...["init", "keys create", "keys list", "keys describe", "keys enable", "keys disable", "keys rotate"],
  ...[
    "keys schedule-deletion",
    "keys cancel-deletion",
    "keys import-parameters",
    "keys import",
    "keys delete-material",
  ],
  ...["alias create", "alias update", "alias delete", "alias list", "encrypt", "decrypt", "re-encrypt", "data-key"],
  ...["sign", "verify", "public-key", "asym-encrypt", "asym-decrypt", "audit verify", "sweep", "rewrap-store"],
  ...["seal", "open", "inspect", "rewrap", "hsm probe", "external-proxy", "completion"],
];

describe.each(COMMANDS)("lanelock %s", (command) => {
  const words = command.split(" ");

  test("has help that describes it, and is listed in its place", async () => {
    const help = await run([...words, "--help"]);
    expect(help).toMatchObject({ status: 0, stderr: "" });
    expect(help.stdout).toMatch(new RegExp(`^Usage: lanelock ${command}\\b`));
    const description = help.stdout.split("\n\n")[1]?.split("\n")[0] ?? "";
    expect(description.length).toBeGreaterThan(10);
    const parent = await run([...words.slice(0, -1), "--help"]);
    expect(parent.stdout).toContain(description.slice(0, 30));
  });

  test("exits with 2 for an option it does not have, and says so on stderr alone", async () => {
    const refused = await run([...words, "--no-such-option"]);
    expect(refused).toMatchObject({ status: 2, stdout: "" });
    expect(refused.stderr).toMatch(/unknown option '--no-such-option'|missing required argument|required option/);
  });
});

test("a key that is not there is an error of every command on it: status 1, one line on stderr, nothing on stdout", async () => {
  const onKeys = ["describe", "enable", "disable", "rotate", "schedule-deletion", "cancel-deletion", "delete-material"];
  const calls = [
    ...onKeys.map((name) => ["keys", name, "key-none"]),
    ...["alias create alias/a key-none", "alias list --key key-none", "alias delete alias/none"],
    ...["encrypt --key key-none", "data-key --key key-none", "public-key --key key-none"],
    ...["sign --key key-none", "asym-encrypt --key key-none", "asym-decrypt --key key-none"],
  ].map((call) => (typeof call === "string" ? call.split(" ") : call));
  for (const call of calls) {
    const { status, stdout, stderr } = await run(call);
    expect({ call, status, stdout }).toEqual({ call, status: 1, stdout: "" });
    expect(stderr, call.join(" ")).toMatch(/^lanelock: Forbidden\.(Key|Alias)NotFound: [^\n]+\n$/);
  }
});

test("versions beyond one page of the API are described too", async () => {
  const kms = await Kms.open({
    store: sqlStore({ path: join(home, "keys.db") }),
    rootKey: { file: join(home, "root.key") },
  });
  const { keyId } = (await kms.createKey({})).keyMetadata;
  for (let i = 0; i < 103; i++) await kms.rotateKey({ keyId });
  await kms.close();
  const { stdout } = await run(["keys", "describe", keyId, "--json"]);
  expect(JSON.parse(stdout).keyVersions).toHaveLength(104);
});

test("a reader that stops early sees no crash, and the log is whole", async () => {
  for (const command of [["keys", "list"], ["--help"], ["keys", "create"]]) {
    const { stderr } = await run(command, { deaf: true });
    expect(stderr, command.join(" ")).not.toMatch(/\n {4}at |Unhandled|node:/);
  }
  expect(await run(["audit", "verify"])).toMatchObject({ status: 0 });
});
