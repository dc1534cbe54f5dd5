import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { environmentName, flagName, SETTING_NAMES } from "../../src/cli/settings/settings.ts";
import { PostgresServer } from "../stores/postgres-server.ts";
import { CommandFolder } from "./lanelock.ts";

// One list of settings for the command line, the environment and the configuration file; a store that is opened, not made.

const folder = new CommandFolder("settings");
const list = (...flags: string[]) => folder.run([...flags, "keys", "list"]);
const withEnvironment = (environment: Record<string, string>, ...flags: string[]) =>
  folder.run([...flags, "keys", "list"], { env: { ...folder.environment, ...environment } });

function configure(settings: unknown, mode = 0o600): string {
  const path = folder.file("settings.json");
  rmSync(path, { force: true });
  writeFileSync(path, typeof settings === "string" ? settings : JSON.stringify(settings));
  chmodSync(path, mode);
  return path;
}

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
  mkdirSync(folder.file("other"));
  for (const flags of [[], ["--home", "other/home"]]) {
    expect(folder.run([...flags, "init"])).toMatchObject({ status: 0, stderr: "" });
  }
  expect(folder.run(["--home", "other/home", "keys", "create", "--alias", "alias/other"])).toMatchObject({ status: 0 });
});
afterAll(() => server.stop());

test("every setting has its three names", () => {
  const help = folder.run(["--help"]).stdout;
  for (const name of SETTING_NAMES) {
    expect(help).toContain(`${flagName(name)} <`);
    expect(environmentName(name)).toMatch(/^LANELOCK_[A-Z0-9_]+$/);
  }
});

describe("which place wins", () => {
  const other = { home: "other/home" };

  test("a flag over the environment over a file; lanelock.json in the home folder is read by itself", () => {
    const path = configure({ home: folder.file("other/home") });
    expect(withEnvironment({ LANELOCK_CONFIG: path }).stdout).not.toContain("alias/other");
    const environment: Record<string, string | undefined> = { ...folder.environment, LANELOCK_HOME: undefined };
    expect(folder.run(["--config", path, "keys", "list"], { env: environment }).stdout).toContain("alias/other");
    expect(withEnvironment({ LANELOCK_HOME: folder.file("other/home") }).stdout).toContain("alias/other");
    expect(withEnvironment({ LANELOCK_HOME: folder.file("other/home") }, "--home", "home").stdout).not.toContain(
      "alias/other",
    );
    mkdirSync(folder.file("third"));
    writeFileSync(folder.file("third/lanelock.json"), JSON.stringify({ home: "../other/home", caller: "file" }), {
      mode: 0o600,
    });
    expect(list("--home", "third").stderr).toContain("no root key at third/root.key");
    writeFileSync(
      folder.file("third/lanelock.json"),
      JSON.stringify({ store: "../other/home/keys.db", rootKey: "../other/home/root.key" }),
      { mode: 0o600 },
    );
    expect(list("--home", "third").stdout).toContain("alias/other");
  });

  test("of two settings that exclude each other, that of the higher place is taken; two in one place are refused", () => {
    const path = configure({ ...other, rootKey: "other/home/root.key", store: "other/home/keys.db" });
    expect(list("--config", path, "--root-key-env", "ABSENT").stderr).toMatch(/^lanelock: ERR_KEY: .*ABSENT/);
    expect(list("--root-key", "a", "--root-key-env", "b")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("Give one of them"),
    });
    expect(withEnvironment({ LANELOCK_STORE: "a", LANELOCK_STORE_FILE: "b" }).stderr).toContain(
      "The environment gives store and storeFile",
    );
    expect(list("--config", configure({ token: "a", tokenSerial: "b" })).stderr).toContain(
      "The configuration file gives token and tokenSerial",
    );
  });

  test("a setting may come before or after the command", () => {
    expect(folder.run(["keys", "list", "--home", "other/home"]).stdout).toContain("alias/other");
    expect(folder.run(["keys", "--home", "other/home", "list"]).stdout).toContain("alias/other");
  });
});

describe("mistakes are reported before anything is done", () => {
  test.each([
    [{ stor: "x" }, 'no option "stor": did you mean "store"?'],
    [{ "pin-file": "x" }, 'did you mean "pinFile"?'],
    [{ store: 5 }, '"store" must be a text'],
    [{ store: "" }, '"store" must be a text'],
    [{ audit: true }, '"audit" must be a text'],
    ["[]", "must hold a JSON object"],
    ["{", "is not JSON"],
    ["null", "must hold a JSON object"],
  ])("a configuration file %j", (settings, words) => {
    const { status, stdout, stderr } = list("--config", configure(settings));
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^lanelock: ERR_ARGUMENT: [^\n]*settings\.json[^\n]*\n$/);
    expect(stderr).toContain(words);
  });

  test("a configuration file that others could have written, a folder, one that is not there", () => {
    expect(list("--config", configure({ caller: "x" }, 0o666)).stderr).toMatch(/Others may write to .*Run: chmod go-w/);
    expect(list("--config", configure({ caller: "x" }, 0o644)).status).toBe(0);
    expect(list("--config", "other").stderr).toMatch(
      /^lanelock: ERR_STORE: Cannot read the configuration file other: it is a folder/,
    );
    expect(list("--config", "absent.json").stderr).toMatch(
      /^lanelock: ERR_STORE: Cannot read .*absent\.json: there is no such file/,
    );
  });

  test("a password that others may read in a configuration file", () => {
    const settings = { store: "postgres://me:secret@127.0.0.1:1/keys" };
    const { status, stderr } = list("--config", configure(settings, 0o644));
    expect([status, stderr]).toEqual([1, expect.stringContaining("chmod 600")]);
    expect(stderr).not.toContain("secret");
  });

  test.each([
    ["LANELOCK_STOER", "LANELOCK_STORE"],
    ["LANELOCK_PINFILE", "LANELOCK_PIN_FILE"],
    ["LANELOCK_HOM", "LANELOCK_HOME"],
  ])("an environment with %s: did you mean %s?", (name, meant) => {
    expect(withEnvironment({ [name]: "x" })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`did you mean ${meant}?`),
    });
  });

  test("other programs' variables are ignored; an empty setting is refused", () => {
    expect(withEnvironment({ LANELOCK_LONG: "1", LANELOCKED: "x" })).toMatchObject({ status: 0, stderr: "" });
    expect(withEnvironment({ LANELOCK_CALLER: "" })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("LANELOCK_CALLER is empty"),
    });
    expect(list("--caller", "")).toMatchObject({ status: 2, stderr: expect.stringContaining("--caller is empty") });
  });

  test("a misspelt option is refused with the nearest right one, behind a command too", () => {
    expect(folder.run(["--stor", "x", "keys", "list"]).stderr).toContain("Did you mean --store?");
    expect(folder.run(["keys", "list", "--pinfile", "x"]).stderr).toContain("Did you mean --pin-file?");
  });
});

describe("a store is opened, and only init makes one", () => {
  test("a typo in --store makes nothing", () => {
    const before = readdirSync(folder.path);
    for (const command of ["keys list", "keys create", "sweep", "audit verify", "encrypt --key k"]) {
      const { status, stderr } = folder.run([...command.split(" "), "--store", "typo.db"]);
      expect([status, stderr]).toEqual([
        2,
        expect.stringMatching(/^lanelock: There is no store at typo\.db\. .*lanelock init\n$/),
      ]);
    }
    expect(readdirSync(folder.path)).toEqual(before);
  });

  test("a database without a store gets none", () => {
    const url = server.createDatabase();
    const refused = withEnvironment({ LANELOCK_STORE: url });
    expect(refused).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^lanelock: ERR_STORE: .*holds no lanelock store.*lanelock init/),
    });
    const tables = server.sql(
      new URL(url).pathname.slice(1),
      "select count(*) from pg_tables where tablename like 'lanelock%'",
    );
    expect(tables).toContain("0");
    const environment = { ...folder.environment, LANELOCK_STORE: url, LANELOCK_HOME: folder.file("pg") };
    expect(folder.run(["init"], { env: environment })).toMatchObject({ status: 0, stderr: "" });
    expect(folder.run(["keys", "create"], { env: environment })).toMatchObject({ status: 0 });
  });
});

describe("a password of a database", () => {
  test.each(["postgres://me:secret@127.0.0.1/db", "postgresql://me@127.0.0.1/db?password=secret"])(
    "on the command line is refused, and not repeated: %s",
    (url) => {
      for (const command of [["keys", "list"], ["init"], ["rewrap-store", "--new-root-key", "x"]]) {
        const { status, stdout, stderr } = folder.run([...command, "--store", url]);
        expect([status, stdout]).toEqual([2, ""]);
        expect(stderr).toMatch(/PGPASSWORD.*PGPASSFILE.*--store-file.*LANELOCK_STORE/);
        expect(stderr).not.toContain("secret");
      }
    },
  );

  test("comes from a private file, the environment or the configuration", () => {
    const url = server.createDatabase();
    const home = ["--home", "private"];
    writeFileSync(folder.file("url"), `${url}\n`, { mode: 0o600 });
    expect(folder.run([...home, "--store-file", "url", "init"])).toMatchObject({ status: 0, stderr: "" });
    expect(list(...home, "--store-file", "url")).toMatchObject({ status: 0 });
    expect(withEnvironment({ LANELOCK_STORE: url }, ...home)).toMatchObject({ status: 0 });
    expect(list(...home, "--config", configure({ store: url }))).toMatchObject({ status: 0 });
    expect(list(...home, "--config", configure({ storeFile: "url" }))).toMatchObject({ status: 0 });
    chmodSync(folder.file("url"), 0o644);
    expect(list(...home, "--store-file", "url")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("chmod 600"),
    });
    writeFileSync(folder.file("no-url"), "keys.db", { mode: 0o600 });
    expect(list(...home, "--store-file", "no-url")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("postgres://"),
    });
  });
});
