import { type AuditEvent, Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import { gatewayOf } from "../../../src/kms/kms.ts";
import type { Gateway } from "../../../src/kms/service/gateway.ts";
import { createKeyId, openKms, TestClock } from "../open-kms.ts";

const plaintext = new Uint8Array(8);
const FIRST = { offset: 0, limit: 10 };

let kms: Kms;
let gateway: Gateway;
let events: AuditEvent[];
let time: TestClock;
let logFails: boolean;
beforeEach(async () => {
  events = [];
  logFails = false;
  time = new TestClock();
  const audit = (event: AuditEvent) => {
    if (logFails) throw new Error("down");
    events.push(event);
  };
  // Long enough for a machine that is busy: what is known stays so until the KMS itself changes it.
  const cache = { checkMilliseconds: 3_600_000 };
  kms = await openKms({ audit, cache, clock: time.clock, realm: { regionId: "cn-a", accountId: "7" } });
  const found = gatewayOf(kms);
  if (found === undefined) throw new Error("no gateway");
  gateway = found;
  return () => kms.close();
});

test("a KMS of this package has one, and nothing else has", () => {
  for (const other of [null, undefined, 5, {}, Kms, Object.create(Kms.prototype)])
    expect(gatewayOf(other)).toBeUndefined();
  expect(gatewayOf(kms.as("somebody"))).toBeDefined();
});

test("it knows the realm and the time", () => {
  expect([gateway.regionId, gateway.arnPrefix, gateway.now()]).toEqual(["cn-a", "acs:kms:cn-a:7:", time.now]);
  expect(gateway.remember).toBeUndefined();
});

test("operations run by their method, on behalf of a caller", async () => {
  const answer = await gateway.run("createKey", { request: { description: "d" }, caller: "alice" });
  expect(answer).toMatchObject({ keyMetadata: { description: "d" } });
  expect(events.at(-1)).toMatchObject({ operation: "CreateKey", caller: "alice", outcome: "OK" });
});

describe("the id of a key", () => {
  test("is found by its id, ARN and alias, at once if it is known", async () => {
    const keyId = await createKeyId(kms);
    await kms.createAlias({ keyId, aliasName: "alias/a" });
    for (const name of [keyId, `acs:kms:cn-a:7:key/${keyId}`, "alias/a", "acs:kms:cn-a:7:alias/a"]) {
      expect(await gateway.keyId(name)).toBe(keyId);
      expect(gateway.keyId(name)).toBe(keyId);
    }
    for (const unknown of ["key-x", "alias/x", "no name"]) expect(await gateway.keyId(unknown)).toBeUndefined();
  });

  test("is found by a version's", async () => {
    const { keyId, primaryKeyVersion = "" } = (await kms.createKey({})).keyMetadata;
    expect(await gateway.keyIdOfVersion(primaryKeyVersion)).toBe(keyId);
    expect(gateway.keyIdOfVersion(primaryKeyVersion)).toBe(keyId);
    expect(await gateway.keyIdOfVersion("key-x")).toBeUndefined();
  });

  test("of a store that fails is a failure, not an absent key", async () => {
    const store = memoryStore();
    await using other = await openKms({ store, cache: { checkMilliseconds: 0 } });
    store.read = () => Promise.reject(new Error("gone"));
    const failing = gatewayOf(other);
    for (const asked of [failing?.keyId("key-a"), failing?.keyIdOfVersion("key-a-1")]) {
      await expect(asked).rejects.toMatchObject({ code: "ERR_STORE" });
    }
  });
});

test("the tags of a key are a map", async () => {
  const { keyId } = (
    await kms.createKey({
      tags: [
        { tagKey: "a", tagValue: "1" },
        { tagKey: "b", tagValue: "2" },
      ],
    })
  ).keyMetadata;
  expect(await gateway.tags(keyId)).toEqual(
    new Map([
      ["a", "1"],
      ["b", "2"],
    ]),
  );
});

describe("the log", () => {
  test("gets a refusal of a call that never began", async () => {
    gateway.recordRefusal({ operation: "Encrypt", caller: "bob", keyId: "key-a", code: "Forbidden.NoPermission" });
    await kms.verifyAudit();
    expect(events).toEqual([
      {
        time: new Date(time.now),
        caller: "bob",
        operation: "Encrypt",
        keyId: "key-a",
        outcome: "Forbidden.NoPermission",
      },
    ]);
  });

  test("has a visit before it is answered, or the visit is refused", async () => {
    await gateway.recordVisit({ operation: "OpenConsole", caller: "bob", outcome: "OK" });
    expect(events.at(-1)).toMatchObject({ operation: "OpenConsole", caller: "bob", outcome: "OK" });
    logFails = true;
    const visit = gateway.recordVisit({ operation: "OpenConsole", caller: "bob", outcome: "Refused" });
    await expect(visit).rejects.toMatchObject({ code: "ERR_AUDIT" });
    logFails = false;
  });

  test("is watched, event by event, until the watch ends", async () => {
    const seen: AuditEvent[] = [];
    const end = gateway.watchAudit((batch) => seen.push(...batch.map((event) => gateway.auditEvent(event))));
    const keyId = await createKeyId(kms);
    expect(seen).toEqual([expect.objectContaining({ operation: "CreateKey", keyId, time: new Date(time.now) })]);
    end();
    await createKeyId(kms);
    expect(seen).toHaveLength(1);
  });
});

test("the generation changes with what callers see, and what is due is carried out first", async () => {
  const keyId = await createKeyId(kms);
  const before = await gateway.generation();
  await kms.encrypt({ keyId, plaintext });
  expect([await gateway.generation(), await gateway.settled()]).toEqual([before, before]);
  await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
  const pending = await gateway.settled();
  expect(pending).toBeGreaterThan(before);
  time.advance({ days: 7 });
  expect(await gateway.settled()).toBeGreaterThan(pending);
  expect((await kms.listKeys()).totalCount).toBe(0);
});

describe("the inventory", () => {
  test("shows keys with their aliases, and how many there are in each state", async () => {
    const keyIds = [await createKeyId(kms), await createKeyId(kms), await createKeyId(kms)];
    const [a = "", b = "", c = ""] = keyIds;
    const external = (await kms.createKey({ origin: "EXTERNAL" })).keyMetadata.keyId;
    for (let n = 10; n < 32; n++) await kms.createAlias({ keyId: a, aliasName: `alias/${n}` });
    await kms.disableKey({ keyId: b });
    await kms.scheduleKeyDeletion({ keyId: c, pendingWindowInDays: 7 });
    const counts = { Enabled: 1, Disabled: 1, PendingDeletion: 1, PendingImport: 1 };
    const all = await gateway.keyPage(FIRST, undefined);
    expect([all.total, all.counts, all.keys.map(({ key }) => key.keyId).sort()]).toEqual([
      4,
      counts,
      [...keyIds, external].sort(),
    ]);
    const first = all.keys.find(({ key }) => key.keyId === a);
    expect([first?.aliasCount, first?.aliases.length, first?.aliases[0]]).toEqual([22, 20, "alias/10"]);
    const disabled = await gateway.keyPage(FIRST, "Disabled");
    expect([disabled.total, disabled.counts, disabled.keys.map(({ key }) => key.keyId)]).toEqual([1, counts, [b]]);
    expect((await gateway.keyPage({ offset: 1, limit: 2 }, undefined)).keys).toHaveLength(2);
    // A key whose deletion is due is not shown, whether or not it was carried out.
    time.advance({ days: 7 });
    expect((await gateway.keyPage(FIRST, "PendingDeletion")).keys).toEqual([]);
  });

  test("shows everything about one key but its material", async () => {
    const tags = [{ tagKey: "a", tagValue: "1" }];
    const { keyMetadata } = await kms.createKey({ tags, description: "d" });
    const { keyId } = keyMetadata;
    await kms.createAlias({ keyId, aliasName: "alias/a" });
    await kms.rotateKey({ keyId });
    const details = await gateway.keyDetails("alias/a", { offset: 1, limit: 1 });
    expect(details).toMatchObject({
      ...{ key: { keyId, description: "d", custody: "software" }, aliases: ["alias/a"], aliasCount: 1, tags },
      versions: { total: 2, page: [{ createdAt: time.now }] },
    });
    expect(details.versions.page[0]?.versionId).toBe(details.key.primaryKeyVersion);
    expect(JSON.stringify(details)).not.toMatch(/handle|mac/i);
    const waiting = (await kms.createKey({ origin: "EXTERNAL" })).keyMetadata.keyId;
    expect((await gateway.keyDetails(waiting, FIRST)).key.custody).toBeUndefined();
    const pair = (await kms.createKey({ keySpec: "EC_P256" })).keyMetadata.keyId;
    expect((await gateway.keyDetails(pair, FIRST)).key).toMatchObject({
      custody: "software",
      primaryKeyVersion: undefined,
    });
    await expect(gateway.keyDetails("key-x", FIRST)).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
  });

  test("lists aliases in order of name", async () => {
    const keyId = await createKeyId(kms);
    for (const name of ["c", "a", "b"]) await kms.createAlias({ keyId, aliasName: `alias/${name}` });
    expect(await gateway.aliasPage({ offset: 0, limit: 2 })).toEqual({
      total: 3,
      aliases: [
        { aliasName: "alias/a", keyId },
        { aliasName: "alias/b", keyId },
      ],
    });
  });
});

describe("a document", () => {
  const change = (work: (old: Uint8Array | undefined) => Uint8Array) =>
    gateway.changeDocument("access-keys", "CreateAccessKey", work);

  test("is kept encrypted, and replaced together with its event", async () => {
    expect(await gateway.document("access-keys")).toBeUndefined();
    const content = Uint8Array.of(1, 2, 3);
    await change((old) => {
      expect(old).toBeUndefined();
      return content;
    });
    // Its memory is wiped once it is written.
    expect([...content]).toEqual([0, 0, 0]);
    expect(await gateway.document("access-keys")).toEqual(Uint8Array.of(1, 2, 3));
    await change((old) => Uint8Array.of(...(old ?? []), 4));
    expect(await gateway.document("access-keys")).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(events.map(({ operation, caller, outcome }) => [operation, caller, outcome])).toEqual([
      ["CreateAccessKey", "local", "OK"],
      ["CreateAccessKey", "local", "OK"],
    ]);
  });

  test("that cannot be changed stays, and its failure is in the log", async () => {
    await change(() => Uint8Array.of(1));
    const failing = change(() => {
      throw new TypeError("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(events.at(-1)).toMatchObject({ operation: "CreateAccessKey" });
    expect(events.at(-1)?.outcome).not.toBe("OK");
    const before = events.length;
    logFails = true;
    await expect(change(() => Uint8Array.of(2))).rejects.toMatchObject({ code: "ERR_AUDIT" });
    logFails = false;
    expect(await gateway.document("access-keys")).toEqual(Uint8Array.of(1));
    expect(events).toHaveLength(before);
  });
});

test("nothing of it works after the KMS is closed", async () => {
  await kms.close();
  const closed = { code: "ERR_STATE" };
  await expect(gateway.tags("key-a")).rejects.toMatchObject(closed);
  await expect(gateway.generation()).rejects.toMatchObject(closed);
  await expect(gateway.settled()).rejects.toMatchObject(closed);
  await expect(gateway.document("access-keys")).rejects.toMatchObject(closed);
  await expect(gateway.keyPage(FIRST, undefined)).rejects.toMatchObject(closed);
});
