import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KeyStore, sqlStore } from "lanelock/stores";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
let store: KeyStore | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lanelock-file-"));
});
afterEach(async () => {
  await store?.close().catch(() => undefined);
  store = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function open(path: string): Promise<KeyStore> {
  store = sqlStore({ path });
  await store.open();
  return store;
}

const isRoot = process.geteuid?.() === 0;
const writeSomething = (to: KeyStore) => to.write((rows) => rows.putMeta("a", new Uint8Array(3)));
const readSomething = (from: KeyStore) => from.read((rows) => rows.meta("a"));
const modeOf = (file: string) => (statSync(join(folder, file)).mode & 0o777).toString(8);

test("the database is its owner's alone, whatever its path looks like", async () => {
  const umask = process.umask(0);
  try {
    await open(join(folder, "plain.db"));
    await store?.close();
    await open(`file:${join(folder, "by%20url.db")}`);
    await store?.close();
    await open(`file://${join(folder, "by-url.db")}`);
    await store?.close();
    symlinkSync(join(folder, "target.db"), join(folder, "link.db"));
    const linked = await open(join(folder, "link.db"));
    expect(linked.path).toBe(join(folder, "link.db"));
    await linked.claim("audit");
    for (const file of readdirSync(folder)) expect(modeOf(file), file).toBe("600");
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(["plain.db", "by url.db", "by-url.db", "target.db"]));
  } finally {
    process.umask(umask);
  }
});

test("a relative file: path is one too", async () => {
  const before = process.cwd();
  process.chdir(folder);
  try {
    await open("file:keys.db");
    expect(modeOf("keys.db")).toBe("600");
    expect(store?.path).toBe("keys.db");
  } finally {
    process.chdir(before);
  }
});

test.each([
  ["", "memoryStore()"],
  [":memory:", "memoryStore()"],
  ["file::memory:", "memoryStore()"],
  ["file::memory:?cache=shared", "memoryStore()"],
  ["file:keys.db?mode=memory", "memoryStore()"],
  ["file:keys.db?mode=ro", "no host, parameters or fragment"],
  ["file://server/keys.db", "no host, parameters or fragment"],
  ["file:%zz", "percent-encoded"],
  ["libsql://keys.example.com", "pass { url }"],
  ["https://keys.example.com", "pass { url }"],
  ["postgres://h/d", "pass { url }"],
  ["keys\0.db", "zero character"],
])("the path %j is refused", (path, reason) => {
  const refusal = { code: "ERR_ARGUMENT", message: expect.stringContaining(reason) };
  expect(() => sqlStore({ path })).toThrow(expect.objectContaining(refusal));
});

test("two names of one file are one store: a claim through one is a claim through the other", async () => {
  const first = await open(join(folder, "keys.db"));
  expect(await first.claim("audit")).toBeDefined();
  symlinkSync(join(folder, "keys.db"), join(folder, "alias.db"));
  const second = sqlStore({ path: join(folder, "alias.db") });
  await second.open();
  try {
    expect(await second.claim("audit")).toBeUndefined();
  } finally {
    await second.close();
  }
});

test.each([
  ["deleted", (path: string) => rmSync(path)],
  ["moved", (path: string) => renameSync(path, `${path}.old`)],
  [
    "replaced by a copy",
    (path: string) => {
      copyFileSync(path, `${path}.new`);
      renameSync(`${path}.new`, path);
    },
  ],
  ["without its log", (path: string) => rmSync(`${path}-wal`)],
  ["in a folder that was moved", (path: string) => renameSync(join(path, ".."), join(path, "../../moved"))],
])("a database that is %s while it is open is noticed by the next read and the next write", async (_what, change) => {
  const inner = join(folder, "inner");
  mkdirSync(inner);
  const path = join(inner, "keys.db");
  const running = await open(path);
  await writeSomething(running);
  await readSomething(running);
  change(path);
  const noticed = { code: "ERR_STORE", message: expect.stringContaining("while it was open") };
  await expect(readSomething(running)).rejects.toMatchObject(noticed);
  await expect(writeSomething(running)).rejects.toMatchObject(noticed);
});

test("a database that was put back is read again", async () => {
  const path = join(folder, "keys.db");
  const running = await open(path);
  await writeSomething(running);
  renameSync(path, `${path}.away`);
  await expect(readSomething(running)).rejects.toMatchObject({ code: "ERR_STORE" });
  renameSync(`${path}.away`, path);
  expect(await running.read((rows) => rows.meta("a"))).toEqual(new Uint8Array(3));
});

test("a claim whose lock file was deleted is lost", async () => {
  const running = await open(join(folder, "keys.db"));
  const claim = await running.claim("audit");
  await claim?.check();
  expect(claim?.lost).toBe(false);
  rmSync(join(folder, "keys.db.audit.lock"));
  await claim?.check();
  expect(claim?.lost).toBe(true);
});

function makeWritable(path: string): void {
  writeFileSync(path, "");
  chmodSync(path, 0o666);
}

test("files of the wrong kind and mode are refused", async () => {
  const wrong: readonly [string, (path: string) => void, string][] = [
    ["folder", (path) => mkdirSync(path), "not a regular file"],
    ["device", (path) => symlinkSync("/dev/null", path), "not a regular file"],
    ["circle", (path) => symlinkSync(path, path), "circle of links"],
    ["writable", (path) => makeWritable(path), "Everybody may write"],
    ["text", (path) => writeFileSync(path, "not a database, however long this text is".repeat(99)), "damaged"],
  ];
  for (const [name, make, message] of wrong) {
    const path = join(folder, name);
    make(path);
    const refusal = { code: "ERR_STORE", message: expect.stringContaining(message) };
    await expect(open(path), name).rejects.toMatchObject(refusal);
  }
  const absent = { code: "ERR_STORE", message: expect.stringContaining("Create it first") };
  await expect(open(join(folder, "no", "keys.db"))).rejects.toMatchObject(absent);
  await expect(open(join(folder, "text", "keys.db"))).rejects.toMatchObject(absent);
  expect(existsSync(join(folder, "no"))).toBe(false);
});

test.runIf(isRoot)("root may use the database of a service", async () => {
  const path = join(folder, "keys.db");
  writeFileSync(path, "", { mode: 0o600 });
  chownSync(path, 1234, 1234);
  await open(path);
});
