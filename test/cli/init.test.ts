import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { binary, CommandFolder } from "./lanelock.ts";

// `lanelock init` makes everything or nothing, and can be run again after any interruption.

const folder = new CommandFolder("init");
const home = folder.file("home");

beforeEach(() => {
  for (const name of readdirSync(folder.path)) rmSync(folder.file(name), { recursive: true, force: true });
});

const init = (...flags: string[]) => folder.run([...flags, "init"]);
/** Every file and folder below the test's own. */
const all = () => readdirSync(folder.path, { recursive: true }).map(String).sort();

function expectNothingMade(ran: { status: number | null; stdout: string; stderr: string }, words: RegExp): void {
  expect(ran.stderr).toMatch(/^lanelock: [^\n]+\n$/);
  expect(ran.stderr).toMatch(words);
  expect([ran.stdout, ran.status === 0]).toEqual(["", false]);
}

test("makes a private home, root key and store, and says to keep the key safe", () => {
  const { status, stdout, stderr } = init();
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^store +SQLite .*keys\.db\nrootKey +.*root\.key\n\nKeep the root key safe/);
  expect([statSync(home).mode & 0o777, statSync(join(home, "root.key")).mode & 0o777]).toEqual([0o700, 0o600]);
  expect(Buffer.from(readFileSync(join(home, "root.key"), "utf8"), "base64")).toHaveLength(32);
});

test("a store that cannot be made takes back the root key and the folders", () => {
  expectNothingMade(init("--store", "no-folder/keys.db"), /no-folder/);
  expect(all()).toEqual([]);
  expectNothingMade(init("--home", "a/b/c", "--store", "no-folder/keys.db"), /no-folder/);
  expect(all()).toEqual([]);
  expectNothingMade(
    folder.run(["init"], { env: { ...folder.environment, LANELOCK_STORE: "postgres://me@127.0.0.1:1/none" } }),
    /127\.0\.0\.1/,
  );
  expect(all()).toEqual([]);
  // Nothing but what it made itself is taken back.
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "notes"), "mine");
  expectNothingMade(init("--store", "no-folder/keys.db"), /no-folder/);
  expect(all()).toEqual(["home", "home/notes"]);
  expect(init()).toMatchObject({ status: 0 });
});

test("a token, key manager, audit log or root key that does not work is found before anything is left", () => {
  expectNothingMade(init("--pkcs11-module", "absent.so", "--token", "t", "--pin-file", "p"), /p|absent/);
  expectNothingMade(init("--external-config", "absent.json"), /absent\.json/);
  expectNothingMade(init("--audit", "no-folder/audit"), /no-folder/);
  expectNothingMade(init("--root-key-env", "ABSENT"), /ABSENT/);
  expectNothingMade(init("--root-key", "/proc/root.key"), /\/proc\/root\.key/);
  expect(all()).toEqual([]);
  writeFileSync(folder.file("short"), "c2hvcnQ=", { mode: 0o600 });
  expectNothingMade(init("--root-key", "short"), /ERR_KEY/);
  expect(all()).toEqual(["short"]);
});

test("a home that cannot be a folder, or is not writable, gives one line", () => {
  expectNothingMade(init("--home", "/sys/lanelock"), /Cannot write \/sys\/lanelock: .*\((EACCES|EPERM|EROFS)\)/);
  writeFileSync(folder.file("home"), "");
  expectNothingMade(init(), /Cannot write \S*home/);
  expect(all()).toEqual(["home"]);
});

test("a root key that is there is used; with its store it is refused and nothing is changed", () => {
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "root.key"), `${Buffer.alloc(32, 9).toString("base64")}\n`, { mode: 0o600 });
  expect(init()).toMatchObject({ status: 0, stderr: "" });
  const before = readFileSync(join(home, "root.key"));
  const again = init();
  expect([again.status, again.stderr]).toEqual([
    2,
    expect.stringMatching(/is there already, and the root key opens it\. Nothing was changed\.\n$/),
  ]);
  expect(readFileSync(join(home, "root.key"))).toEqual(before);
});

test("another root key for a store that is there, and a store without its root key, are refused", () => {
  expect(init().status).toBe(0);
  cpSync(home, folder.file("copy"), { recursive: true });
  writeFileSync(join(home, "root.key"), `${Buffer.alloc(32, 8).toString("base64")}\n`);
  expectNothingMade(init(), /ERR_KEY/);
  rmSync(join(home, "root.key"));
  expectNothingMade(init(), /is there already, and its root key is not at .*--root-key/);
  expect(existsSync(join(home, "root.key"))).toBe(false);
  expect(folder.run(["--home", "copy", "keys", "list"])).toMatchObject({ status: 0 });
});

test("killed at any moment it can be run again", async () => {
  for (const delay of [0, 100, 200, 300, 400, 500, 700, 900, 1_200]) {
    rmSync(home, { recursive: true, force: true });
    const child = spawn(process.execPath, [binary, "init"], { env: folder.environment, stdio: "ignore" });
    const ended = once(child, "exit");
    await sleep(delay);
    child.kill("SIGKILL");
    await ended;
    const { status, stderr } = init();
    if (status !== 0) expect([delay, stderr]).toEqual([delay, expect.stringContaining("the root key opens it")]);
    expect(folder.run(["keys", "create"]), String(delay)).toMatchObject({ status: 0, stderr: "" });
  }
});
