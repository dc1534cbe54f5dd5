import { request } from "node:http";
import type { AuditEvent } from "lanelock/kms";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KeptAnswers } from "../../../src/server/console/kept-answers.ts";
import type {
  AccessKeysAnswer,
  AliasesAnswer,
  KeyAnswer,
  KeysAnswer,
  MetricsAnswer,
  TailMessage,
} from "../../../src/server/console/page-data.ts";
import { Traffic } from "../../../src/server/console/traffic.ts";
import { TestClock } from "../../kms/open-kms.ts";
import { startServer, type TestServer } from "../harness.ts";
import { send, signedPath } from "../signed.ts";
import { Visitor } from "./visitor.ts";

// What the console shows.

const KEYS = process.env.LANELOCK_LONG === "1" ? 10_000 : 1_000;

const clock = new TestClock();
let running: TestServer;
let visitor: Visitor;

beforeAll(async () => {
  running = await startServer({ console: {} }, { clock: clock.clock });
  visitor = await Visitor.enter(running.server.console?.link() ?? "");
});
afterAll(() => running[Symbol.asyncDispose]());

test("an empty store", async () => {
  const counts = { Enabled: 0, Disabled: 0, PendingDeletion: 0, PendingImport: 0 };
  expect(await visitor.data("keys")).toEqual({ page: 1, pageSize: 50, total: 0, counts, keys: [] });
  expect(await visitor.data("aliases")).toMatchObject({ total: 0, aliases: [] });
});

test("a key with everything that there is to see of it, in its states", async () => {
  const { kms } = running;
  const { keyId } = (
    await kms.createKey({ enableAutomaticRotation: true, rotationInterval: "7d", description: "<b>orders</b>" })
  ).keyMetadata;
  for (const name of ["alias/b", "alias/a"]) await kms.createAlias({ keyId, aliasName: name });
  await kms.tagResource({ keyId, tags: [{ tagKey: "Team", tagValue: "shop" }] });
  clock.advance({ days: 8 });
  await kms.sweep();
  const { keyMetadata } = await kms.describeKey({ keyId });
  for (const name of [keyId, "alias/a", keyMetadata.arn]) {
    const key = await visitor.data<KeyAnswer>(`key?name=${encodeURIComponent(name)}`);
    expect(key).toMatchObject({
      ...{ keyId, aliases: ["alias/a", "alias/b"], aliasCount: 2, state: "Enabled", spec: "Aliyun_AES_256" },
      ...{ description: "<b>orders</b>", tags: [{ key: "Team", value: "shop" }], custody: "software" },
      ...{ rotation: "Enabled", rotationInterval: "604800s", primaryVersionId: keyMetadata.primaryKeyVersion },
      nextRotationAt: keyMetadata.nextRotationDate?.toISOString(),
    });
    expect(key.versions.total).toBe(2);
    expect(key.versions.items.map(({ versionId }) => versionId)).toContain(keyMetadata.primaryKeyVersion);
  }
  await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
  const pending = await visitor.data<KeysAnswer>("keys?state=PendingDeletion");
  expect(pending.keys).toMatchObject([{ keyId, state: "PendingDeletion", rotation: "Suspended" }]);
  expect(pending.keys[0]?.deleteAt).toBe(new Date(clock.now + 7 * 86_400_000).toISOString());
  expect(pending.counts).toEqual({ Enabled: 0, Disabled: 0, PendingDeletion: 1, PendingImport: 0 });
  clock.advance({ days: 8 });
  expect(await visitor.data("keys")).toMatchObject({ total: 0 });
  expect(await visitor.ask(`key?name=${keyId}`)).toMatchObject({
    status: 404,
    text: expect.stringContaining("KeyNotFound"),
  });
});

test("keys that cannot be: no name, and one of another kind", async () => {
  for (const query of ["", "?name=", "?name=%00", `?name=${"x".repeat(2_000)}`, "?name=alias/%F0%9F%94%91"]) {
    const { status } = await visitor.ask(`key${query}`);
    expect([400, 404], query).toContain(status);
  }
});

test(`${KEYS} keys in pages: every key once, whatever page is asked for`, async () => {
  await using large = await startServer({ console: {} });
  const made: string[] = [];
  for (let index = 0; index < KEYS; index++) made.push((await large.kms.createKey({})).keyMetadata.keyId);
  for (const keyId of made.slice(0, 3)) await large.kms.disableKey({ keyId });
  for (let index = 0; index < 120; index++) {
    await large.kms.createAlias({
      keyId: made[index % 2] ?? "",
      aliasName: `alias/name-${String(index).padStart(3, "0")}`,
    });
  }
  const reader = await Visitor.enter(large.server.console?.link() ?? "");
  const shown: KeysAnswer["keys"][number][] = [];
  for (let page = 1; page <= KEYS / 50; page++) {
    const answer = await reader.data<KeysAnswer>(`keys?page=${page}`);
    expect(answer).toMatchObject({ page, total: KEYS, counts: { Enabled: KEYS - 3, Disabled: 3 } });
    shown.push(...answer.keys);
  }
  expect(new Set(shown.map(({ keyId }) => keyId))).toEqual(new Set(made));
  expect(shown.length).toBe(KEYS);
  // Not by its place: keys made in the same instant stand in the order of their ids.
  const first = shown.find(({ keyId }) => keyId === made[0]);
  expect([first?.aliases.length, first?.aliasCount]).toEqual([20, 60]);
  const aliases = await reader.data<AliasesAnswer>("aliases?page=3");
  expect([aliases.total, aliases.aliases.length, aliases.aliases[0]?.aliasName]).toEqual([120, 20, "alias/name-100"]);
  expect((await reader.data<KeysAnswer>("keys?page=1000000")).keys).toEqual([]);
  for (const page of ["0", "-1", "1.5", "NaN", "1e99", "x", "", "9007199254740993"]) {
    expect(await reader.data<KeysAnswer>(`keys?page=${page}`), page).toMatchObject({ page: 1 });
  }
});

test("an answer is kept while the store does not change, and a failure is not", async () => {
  const kept = new KeptAnswers<number>();
  let reads = 0;
  const read = async () => ++reads;
  expect(await Promise.all([kept.at(1, "a", read), kept.at(1, "a", read), kept.at(1, "b", read)])).toEqual([1, 1, 2]);
  expect(await kept.at(2, "a", read)).toBe(3);
  await expect(kept.at(2, "c", () => Promise.reject(new Error("busy")))).rejects.toThrow("busy");
  expect(await kept.at(2, "c", read)).toBe(4);
  const { keyId } = (await running.kms.createKey({})).keyMetadata;
  expect(await visitor.data("keys")).toMatchObject({ counts: { Enabled: 1, Disabled: 0 } });
  await running.kms.disableKey({ keyId });
  expect(await visitor.data("keys")).toMatchObject({ counts: { Enabled: 0, Disabled: 1 } });
});

test("access keys without their secrets, with their policies, and expired when they are", async () => {
  const policy = JSON.stringify({
    Version: "1",
    Statement: [{ Effect: "Allow", Action: "kms:Encrypt", Resource: "*" }],
  });
  const { accessKeys } = running.server;
  const reader = await accessKeys.create({ name: "reader", policy });
  const temporary = await accessKeys.create({ name: "build", temporarySeconds: 60 });
  await accessKeys.setStatus(reader.accessKeyId, "Inactive");
  clock.advance({ seconds: 61 });
  const shown = await visitor.data<AccessKeysAnswer>("access-keys");
  expect(shown.accessKeys.map(({ accessKeyId, name, status }) => [accessKeyId, name, status])).toEqual([
    [running.owner.accessKeyId, "owner", "Active"],
    [reader.accessKeyId, "reader", "Inactive"],
    [temporary.accessKeyId, "build", "Expired"],
  ]);
  expect(shown.accessKeys[1]?.policy).toBe(policy);
  expect(Object.keys(shown.accessKeys[0] ?? {}).sort()).toEqual([
    "accessKeyId",
    "createdAt",
    "name",
    "policy",
    "status",
  ]);
});

test("requests of clients are counted by operation and by how they ended", async () => {
  for (const path of [
    signedPath(running.owner, "ListKeys"),
    signedPath(running.owner, "DescribeKey", { KeyId: "nothing" }),
  ]) {
    await send(running.server.url, path);
  }
  await send(running.server.url, "/?Action=ListKeys");
  const { operations, samples } = await visitor.data<MetricsAnswer>("metrics");
  const counts = operations.map(({ operation, requests, refused, failed }) => [operation, requests, refused, failed]);
  expect(counts).toEqual(
    expect.arrayContaining([
      ["ListKeys", 1, 0, 0],
      ["DescribeKey", 1, 1, 0],
      ["unknown", 1, 1, 0],
    ]),
  );
  expect(Array.isArray(samples)).toBe(true);
});

test("samples: what an interval had, how long it took to a tenth, and a quarter of an hour of them", () => {
  const traffic = new Traffic();
  const line = { requestId: "", operation: "Encrypt", code: "", sourceIp: "" };
  for (let index = 1; index <= 100; index++) {
    traffic.observe({ ...line, status: index === 100 ? 503 : index > 90 ? 403 : 200, milliseconds: index });
  }
  traffic.sample();
  traffic.sample();
  const [busy, idle] = traffic.answer.samples;
  expect(busy).toMatchObject({ requests: 100, refused: 9, failed: 1 });
  expect(Math.abs((busy?.medianMs ?? 0) / 50 - 1)).toBeLessThan(0.1);
  expect(Math.abs((busy?.slowMs ?? 0) / 99 - 1)).toBeLessThan(0.1);
  expect(idle).toMatchObject({ requests: 0, refused: 0, failed: 0, medianMs: null, slowMs: null });
  traffic.observe({ ...line, status: 200, milliseconds: 0 });
  traffic.observe({ ...line, status: 200, milliseconds: 1e9 });
  for (let index = 0; index < 200; index++) traffic.sample();
  expect(traffic.answer.samples.length).toBe(180);
  traffic.close();
});

/** Reads server-sent events until `enough` says so. */
function tail(
  from: Visitor,
  path: string,
  enough: (all: readonly TailMessage[]) => boolean,
): Promise<readonly TailMessage[]> {
  return new Promise((resolve, reject) => {
    const all: TailMessage[] = [];
    let text = "";
    const asked = request(`${from.base}/api/${path}`, { headers: from.headers, agent: false }, (response) => {
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        const messages = text.split("\n\n");
        text = messages.pop() ?? "";
        for (const one of messages) if (one.startsWith("data: ")) all.push(JSON.parse(one.slice(6)) as TailMessage);
        if (!enough(all)) return;
        asked.destroy();
        resolve(all);
      });
      response.on("end", () => reject(new Error("the stream ended")));
    });
    asked.on("error", reject).end();
  });
}

const eventsOf = (all: readonly TailMessage[]) => all.flatMap(({ events }) => events);

test("the audit log as it grows: what was kept first, then each event once, and on from where a page left", async () => {
  const shop = running.kms.as("shop");
  const { keyId } = (await shop.createKey({})).keyMetadata;
  const following = tail(visitor, "events", (all) => eventsOf(all).some(({ operation }) => operation === "DisableKey"));
  await shop.encrypt({ keyId, plaintext: new Uint8Array(3), encryptionContext: { tenant: "secret" } });
  await shop.decrypt({ ciphertextBlob: new Uint8Array(3) }).catch(() => undefined);
  await shop.disableKey({ keyId });
  const events = eventsOf(await following);
  const own = events.filter(({ caller }) => caller === "shop");
  expect(own.map(({ operation, outcome }) => [operation, outcome])).toEqual([
    ["CreateKey", "OK"],
    ["Encrypt", "OK"],
    ["Decrypt", "InvalidParameter"],
    ["DisableKey", "OK"],
  ]);
  expect(own[1]).toMatchObject({ keyId, time: clock.clock().toISOString() });
  expect(JSON.stringify(events)).not.toContain("secret");
  const ids = events.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));

  const last = ids.at(-1) ?? 0;
  await shop.enableKey({ keyId });
  const more = eventsOf(await tail(visitor, `events?after=${last}`, (all) => all.length > 0));
  expect(more.map(({ id, operation }) => [id, operation])).toEqual([[last + 1, "EnableKey"]]);
  // A number of an earlier server, or none at all: everything that is kept.
  for (const after of ["1000000", "-1", "x"]) {
    const all = eventsOf(await tail(visitor, `events?after=${after}`, (messages) => messages.length > 0));
    expect(
      all.some(({ operation }) => operation === "CreateKey"),
      after,
    ).toBe(true);
  }
});

test("where there is an audit log, an event is shown once it is written, and once only", async () => {
  let broken = false;
  const written: string[] = [];
  const audit = ({ operation }: AuditEvent) => {
    if (broken) throw new Error("full");
    written.push(operation);
  };
  await using other = await startServer({ console: {} }, { audit });
  const reader = await Visitor.enter(other.server.console?.link() ?? "");
  const { keyId } = (await other.kms.createKey({})).keyMetadata;
  const start = eventsOf(await tail(reader, "events", (all) => all.length > 0)).at(-1)?.id ?? 0;
  broken = true;
  await other.kms.encrypt({ keyId, plaintext: new Uint8Array(1) });
  await expect(other.kms.disableKey({ keyId })).rejects.toMatchObject({ code: "ERR_AUDIT" });
  const following = tail(reader, `events?after=${start}`, (all) =>
    eventsOf(all).some(({ operation }) => operation === "EnableKey"),
  );
  broken = false;
  await other.kms.enableKey({ keyId });
  const shown = eventsOf(await following).map(({ operation }) => operation);
  expect(shown).toEqual(written.slice(written.indexOf("Encrypt")));
  expect(shown.filter((operation) => operation === "Encrypt").length).toBe(1);
});

test("of a burst the latest are kept, and the others are counted", async () => {
  const first = eventsOf(await tail(visitor, "events", (all) => all.length > 0)).at(-1)?.id ?? 0;
  for (let index = 0; index < 500; index++) await running.kms.generateRandom({ length: 1 });
  const [message] = await tail(visitor, `events?after=${first}`, (all) => all.length > 0);
  expect(message?.events.length).toBe(200);
  expect(message?.missed).toBe(300);
});

test("a server that closes ends the streams, and at most 16 pages look at once", async () => {
  const other = await startServer({ console: {} });
  const reader = await Visitor.enter(other.server.console?.link() ?? "");
  const streams = Array.from({ length: 16 }, () => tail(reader, "events", () => false).catch(String));
  await expect.poll(async () => (await reader.ask("events")).status, { timeout: 60_000 }).toBe(503);
  await other[Symbol.asyncDispose]();
  expect(await Promise.all(streams)).toEqual(
    Array.from({ length: 16 }, () => expect.stringMatching(/ended|hang up|aborted/)),
  );
});

test("a KMS that fails is an error with its code, and the next request is answered", async () => {
  await using other = await startServer({ console: {} });
  const reader = await Visitor.enter(other.server.console?.link() ?? "");
  await other.kms.close();
  expect(await reader.ask("keys")).toMatchObject({ status: 503, text: expect.stringContaining("The KMS is closed.") });
  expect((await reader.ask("metrics")).status).toBe(200);
});
