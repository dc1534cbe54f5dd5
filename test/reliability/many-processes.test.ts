import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createKeyId, rootKey } from "../kms/open-kms.ts";
import { PostgresServer } from "../stores/postgres-server.ts";
import { BundledProgram, type RunningProgram } from "./bundled-process.ts";

const PROCESSES = 4;

let program: BundledProgram;
beforeAll(() => {
  program = new BundledProgram("test/reliability/many-processes-program.ts");
});
afterAll(() => program.dispose());

describe("SQLite", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lanelock-many-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  testProcesses(() => join(directory, "keys.db"));
});

describe("PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server.stop());
  testProcesses(() => server.createDatabase());
});

interface Scenario {
  readonly name: string;
  readonly target: string;
  readonly keyId?: string;
  readonly days?: number;
  readonly processes?: number;
}

const answersOf = (child: RunningProgram) => child.lines.map((line) => JSON.parse(line));

/** Starts processes, lets them go at once when all have opened the store, and returns the answers of each. */
async function together({ name, target, keyId = "", days = 0, processes = PROCESSES }: Scenario) {
  const children = Array.from({ length: processes }, (_, i) => program.start([name, target, `${i}`, keyId, `${days}`]));
  await Promise.all(children.map((child) => child.wrote(1)));
  for (const child of children) child.say("go");
  const statuses = await Promise.all(children.map((child) => child.ended()));
  for (const [i, child] of children.entries()) expect(child.errors, `process ${i}`).toBe("");
  expect(statuses).toEqual(statuses.map(() => 0));
  return children.map((child) => answersOf(child).slice(1));
}

function openKms(target: string, days = 0): Promise<Kms> {
  const store = target.startsWith("postgres:") ? sqlStore({ url: target }) : sqlStore({ path: target });
  const start = Date.now();
  const clock = () => new Date(start + days * 86_400_000);
  return Kms.open({ store, rootKey, clock, audit: false, sweepSeconds: false });
}

async function versionsOf(kms: Kms, keyId: string): Promise<string[]> {
  const { keyVersions, totalCount } = await kms.listKeyVersions({ keyId, pageSize: 100 });
  expect(keyVersions).toHaveLength(totalCount);
  return keyVersions.map((version) => version.keyVersionId);
}

async function decryptAll(kms: Kms, results: readonly { readonly blob: string }[][]): Promise<void> {
  for (const [i, answers] of results.entries()) {
    for (const { blob } of answers) {
      const { plaintext } = await kms.decrypt({ ciphertextBlob: Buffer.from(blob, "base64") });
      expect(new TextDecoder().decode(plaintext)).toBe(`process ${i}`);
    }
  }
}

function testProcesses(newTarget: () => string): void {
  test("that meet at the first start of an empty store make one store, and each finds its key in it", async () => {
    const target = newTarget();
    const results = await together({ name: "firstStart", target });
    await using kms = await openKms(target);
    const { keys } = await kms.listKeys();
    expect(keys.map((key) => key.keyId).sort()).toEqual(results.map(([answer]) => answer.keyId).sort());
    await decryptAll(kms, results);
  });

  test("that rotate one key at once make one version each time, of which one is primary", async () => {
    const target = newTarget();
    await using kms = await openKms(target);
    const keyId = await createKeyId(kms);
    const first = (await kms.describeKey({ keyId })).keyMetadata.primaryKeyVersion ?? "";
    const results = await together({ name: "rotate", target, keyId });
    const made = results.flat().map((answer) => answer.version);
    const versions = await versionsOf(kms, keyId);
    expect(versions).toHaveLength(1 + PROCESSES * 15);
    expect([...versions].sort()).toEqual([first, ...made].sort());
    // The primary is the newest of all, and each process sees it.
    await using other = await openKms(target);
    for (const one of [kms, other]) {
      expect((await one.describeKey({ keyId })).keyMetadata.primaryKeyVersion).toBe(versions.at(-1));
    }
    await decryptAll(kms, results);
  });

  test("that find a rotation due carry it out once", async () => {
    const target = newTarget();
    const kms = await openKms(target);
    const request = { enableAutomaticRotation: true, rotationInterval: "7d" };
    const { keyId, primaryKeyVersion = "" } = (await kms.createKey(request)).keyMetadata;
    await kms.close();
    const results = await together({ name: "rotateWhenDue", target, keyId, days: 8 });
    await using later = await openKms(target, 8);
    const versions = await versionsOf(later, keyId);
    expect(versions).toEqual([primaryKeyVersion, expect.any(String)]);
    expect(new Set(results.flat().map((answer) => answer.version))).toEqual(new Set([versions[1]]));
    await decryptAll(later, results);
  });

  test("that change one key at once lose no update, and one alone gets an alias that all want", async () => {
    const target = newTarget();
    await using kms = await openKms(target);
    const keyId = await createKeyId(kms);
    const results = await together({ name: "update", target, keyId });
    const { keyMetadata } = await kms.describeKey({ keyId });
    expect(keyMetadata).toMatchObject({
      ...{ description: "description 24", deletionProtection: "Enabled", automaticRotation: "Enabled" },
      rotationInterval: `${31 * 86_400}s`,
    });
    const { tags } = await kms.listResourceTags({ keyId });
    expect(tags.map((tag) => [tag.tagKey, tag.tagValue])).toEqual([
      ["tag0", "24"],
      ["tag1", "22"],
      ["tag2", "23"],
    ]);
    const { aliases } = await kms.listAliases({ pageSize: 100 });
    expect(aliases).toHaveLength(PROCESSES * 5 + 1);
    const won = results.flat().map((answer) => answer.won);
    expect(won.sort()).toEqual([...Array.from({ length: PROCESSES - 1 }, () => "AliasAlreadyExists"), "won"]);
  });

  test("that encrypt under one key count every encryption", async () => {
    const target = newTarget();
    const kms = await openKms(target);
    const { keyId, primaryKeyVersion: versionId = "" } = (await kms.createKey({})).keyMetadata;
    await kms.close();
    await together({ name: "count", target, keyId });
    const store = target.startsWith("postgres:") ? sqlStore({ url: target }) : sqlStore({ path: target });
    await store.open();
    const counter = await store.read((rows) => rows.counter({ versionId, mode: "GCM" }));
    expect(counter?.count).toBe(PROCESSES * 500);
    await store.close();
  });

  test("obey a key's disabling in every call that begins later than the stated time after it", async () => {
    const target = newTarget();
    await using kms = await openKms(target);
    const keyId = await createKeyId(kms);
    const children = [0, 1].map((i) => program.start(["serve", target, `${i}`, keyId]));
    await Promise.all(children.map((child) => child.wrote(1)));
    for (const child of children) child.say("go");
    await Promise.all(children.map((child) => child.wrote(2)));
    await kms.disableKey({ keyId });
    for (const child of children) child.say("disabled");
    await Promise.all(children.map((child) => child.ended()));
    for (const child of children) {
      expect(child.errors).toBe("");
      const last = answersOf(child).at(-1);
      expect(last).toMatchObject({ late: [], codes: ["Rejected.Disabled", "Rejected.Disabled"] });
      expect(last.served).toBeGreaterThan(0);
    }
  });
}
