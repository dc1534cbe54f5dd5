import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AuditEvent, KmsOptions } from "lanelock/kms";
import { memoryStore, sqlStore } from "lanelock/stores";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

let directory: string;
let path: string;
let log: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lanelock-audit-"));
  path = join(directory, "keys.db");
  log = `${path}.audit.jsonl`;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (options: Partial<KmsOptions> = {}) => openKms({ store: sqlStore({ path }), ...options });
const plaintext = new TextEncoder().encode("a secret nobody may log");

interface Line {
  readonly seq?: number;
  readonly operation?: string;
  readonly [field: string]: unknown;
}

const lines = (file = log): Line[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const events = (file = log) => lines(file).filter((line) => line.operation !== undefined);

/** A log of some life: 12 data-plane events in several blocks, between life-cycle ones. */
async function writeLog(): Promise<void> {
  await using kms = await open();
  const keyId = await createKeyId(kms);
  await kms.createAlias({ keyId, aliasName: "alias/a" });
  for (let i = 0; i < 12; i++) {
    await kms.encrypt({ keyId, plaintext, encryptionContext: { i: String(i) } });
    if (i % 5 === 0) await sleep(60);
  }
  await kms.rotateKey({ keyId });
}

describe("events", () => {
  test("say who did what to which key with which outcome, and no secret", async () => {
    const kms = await open();
    const alice = kms.as('alice "the admin"');
    const keyId = await createKeyId(kms);
    const encryptionContext = { patient: "Jane Roe" };
    const { ciphertextBlob, keyVersionId } = await alice.encrypt({ keyId, plaintext, encryptionContext });
    await alice.decrypt({ ciphertextBlob, encryptionContext });
    await alice.decrypt({ ciphertextBlob, encryptionContext: { patient: "John Doe" } }).catch(() => undefined);
    await alice.disableKey({ keyId });
    await alice.encrypt({ keyId, plaintext }).catch(() => undefined);
    await kms.close();
    const found = events();
    expect(found.map(({ operation, caller, outcome }) => [operation, caller, outcome])).toEqual([
      ["CreateKey", "local", "OK"],
      ["Encrypt", 'alice "the admin"', "OK"],
      ["Decrypt", 'alice "the admin"', "OK"],
      ["Decrypt", 'alice "the admin"', "InvalidParameter"],
      ["DisableKey", 'alice "the admin"', "OK"],
      ["Encrypt", 'alice "the admin"', "Rejected.Disabled"],
    ]);
    expect(found.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    const [, encrypted, decrypted, refused] = found;
    expect(encrypted).toMatchObject({ keyId, keyVersionId });
    expect(encrypted?.context).toMatch(/^[0-9a-f]{32}$/);
    expect(decrypted?.context).toBe(encrypted?.context);
    expect(refused?.context).not.toBe(encrypted?.context);
    const text = readFileSync(log, "latin1");
    for (const secret of ["secret", "Jane", "patient", Buffer.from(plaintext).toString("base64").slice(0, 20)]) {
      expect(text).not.toContain(secret);
    }
  });

  test("of the life cycle are on disk before the call returns, for every outcome", async () => {
    await using kms = await open();
    const keyId = await createKeyId(kms);
    expect(events().at(-1)).toMatchObject({ operation: "CreateKey", keyId });
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 3 }).catch(() => undefined);
    expect(events().at(-1)).toMatchObject({ operation: "ScheduleKeyDeletion", outcome: "InvalidParameter" });
    await kms.disableKey({ keyId });
    expect(events().at(-1)).toMatchObject({ operation: "DisableKey", outcome: "OK" });
  });

  test("of the data plane reach the disk without another call", async () => {
    await using kms = await open();
    const keyId = await createKeyId(kms);
    await kms.encrypt({ keyId, plaintext });
    await expect.poll(() => events().at(-1), { timeout: 60_000 }).toMatchObject({ operation: "Encrypt" });
  });

  test("of a loop that never leaves the microtask queue are written as it goes", async () => {
    await using kms = await open();
    const keyId = await createKeyId(kms);
    const before = events().length;
    for (let i = 0; i < 3_000; i++) await kms.encrypt({ keyId, plaintext });
    expect(events().length).toBeGreaterThan(before + 2_000);
  });

  test("go to a function instead, in order and complete", async () => {
    const got: AuditEvent[] = [];
    const kms = await open({ audit: (event) => void got.push(event) });
    const keyId = await createKeyId(kms);
    expect(got).toEqual([
      expect.objectContaining({
        caller: "local",
        operation: "CreateKey",
        keyId,
        outcome: "OK",
        time: expect.any(Date),
      }),
    ]);
    for (let i = 0; i < 500; i++) await kms.encrypt({ keyId, plaintext });
    await kms.close();
    expect(got.filter((event) => event.operation === "Encrypt")).toHaveLength(500);
    expect(existsSync(log)).toBe(false);
  });

  test("go nowhere when nobody asked", async () => {
    const kms = await open({ audit: false });
    await createKeyId(kms);
    await kms.close();
    expect(existsSync(log)).toBe(false);
  });
});

describe("the chain", () => {
  const verify = async () => {
    await using kms = await open({ audit: false });
    return await kms.verifyAudit();
  };

  test("is whole after a life, and goes on in the same file", async () => {
    await writeLog();
    await writeLog().catch(() => undefined);
    const report = await verify();
    expect(report).toMatchObject({ ok: true, files: [{ location: log, problems: [], unsealedBytes: 0 }] });
    expect(report.files[0]?.events).toBe(events().length);
  });

  test("every changed byte, and every line removed, doubled or swapped, is found", async () => {
    await writeLog();
    const whole = readFileSync(log);
    const text = whole.toString().split("\n").slice(0, -1);
    const found = async (content: string | Buffer, what: string) => {
      writeFileSync(log, content);
      expect((await verify()).ok, what).toBe(false);
    };
    for (let at = 0; at < whole.length; at += 41) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await found(changed, `byte ${at}`);
    }
    for (let i = 0; i < text.length; i++) {
      await found(`${text.filter((_, index) => index !== i).join("\n")}\n`, `line ${i} removed`);
      await found(
        `${text.flatMap((line, index) => (index === i ? [line, line] : [line])).join("\n")}\n`,
        `line ${i} doubled`,
      );
      if (i === 0) continue;
      const swapped = text.with(i, text[i - 1] ?? "").with(i - 1, text[i] ?? "");
      await found(`${swapped.join("\n")}\n`, `lines ${i - 1} and ${i} swapped`);
    }
    writeFileSync(log, whole);
    expect((await verify()).ok).toBe(true);
  });

  test("a cut tail is found at any length, a rewritten file and a missing one too", async () => {
    await writeLog();
    const whole = readFileSync(log);
    for (const length of [0, 1, 100, Math.floor(whole.length / 2), whole.length - 100, whole.length - 1]) {
      writeFileSync(log, whole.subarray(0, length));
      expect((await verify()).ok, `cut at ${length}`).toBe(false);
    }
    // A file another store of ours wrote, with the same key for all an attacker knows.
    await using other = await openKms({ store: memoryStore(), audit: join(directory, "other.jsonl") });
    await createKeyId(other);
    await other.close();
    writeFileSync(log, readFileSync(join(directory, "other.jsonl")));
    expect((await verify()).ok).toBe(false);
    rmSync(log);
    const report = await verify();
    expect(report.ok).toBe(false);
    expect(report.files[0]?.problems[0]).toContain("not there");
  });

  test("a log that was moved away verifies where it is now", async () => {
    await writeLog();
    const archived = join(directory, "2026.jsonl");
    renameSync(log, archived);
    expect((await verify()).ok).toBe(false);
    await using kms = await open({ audit: false });
    expect(await kms.verifyAudit({ files: [archived] })).toMatchObject({ ok: true });
    const absent = await kms.verifyAudit({ files: [archived, join(directory, "absent.jsonl")] });
    expect(absent.ok).toBe(false);
  });

  test("a tail torn by a crash is cut at open and noted; a tampered file is not continued", async () => {
    await writeLog();
    const sealed = readFileSync(log).length;
    appendFileSync(log, '{"seq":99,"time":"2026-01-01T00:00:00.000Z","caller":"local","opera');
    await (await open()).close();
    const note = events().find((event) => event.operation === "AuditTailCut");
    expect(note).toMatchObject({ caller: "system", note: expect.stringContaining("67 bytes") });
    expect(await verify()).toMatchObject({ ok: true });

    truncateSync(log, sealed - 10);
    await expect(open()).rejects.toMatchObject({
      code: "ERR_AUDIT",
      message: expect.stringContaining("lanelock audit verify"),
    });
    rmSync(log);
    await (await open()).close();
    expect(existsSync(log)).toBe(true);
  });

  test("it is anchored within a second", async () => {
    await using kms = await open();
    const keyId = await createKeyId(kms);
    for (let i = 0; i < 10; i++) await kms.encrypt({ keyId, plaintext });
    await sleep(1_500);
    const whole = readFileSync(log);
    await using reader = await open({ audit: false });
    writeFileSync(join(directory, "copy.jsonl"), whole);
    const [report] = (await reader.verifyAudit()).files;
    expect(report?.events).toBe(11);
    expect(report?.anchoredAt).toBeInstanceOf(Date);
    // A cut before the last anchor is found while the KMS is still running.
    const seals = whole.toString().split("\n").slice(0, -3).join("\n");
    writeFileSync(join(directory, "copy.jsonl"), `${seals}\n`);
    const cut = await reader.verifyAudit({ files: [join(directory, "copy.jsonl")] });
    expect(cut.files.find((file) => file.location.endsWith("copy.jsonl"))?.problems).toHaveLength(1);
  });

  test("each process has its own file, and all are checked", async () => {
    const first = await open();
    const second = await open();
    const third = await open();
    await createKeyId(first);
    await createKeyId(second);
    await Promise.all([first.close(), second.close(), third.close()]);
    expect(events(log).map((event) => event.operation)).toEqual(["CreateKey"]);
    expect(events(join(directory, "keys.db.audit.2.jsonl")).map((event) => event.operation)).toEqual(["CreateKey"]);
    const report = await verify();
    expect(report).toMatchObject({ ok: true });
    expect(report.files).toHaveLength(3);
    // They are free again, and continued.
    await (await open()).close();
    expect(existsSync(join(directory, "keys.db.audit.4.jsonl"))).toBe(false);
  });
});

test("close waits for calls in flight, and refuses later ones", async () => {
  const kms = await open();
  const keyId = await createKeyId(kms);
  const running = Promise.all([kms.encrypt({ keyId, plaintext }), kms.createKey({}), kms.verifyAudit()]);
  await Promise.all([kms.close(), kms.close()]);
  await running;
  await expect(kms.createKey({})).rejects.toMatchObject({ code: "ERR_STATE" });
  await expect(kms.sweep()).rejects.toMatchObject({ code: "ERR_STATE" });
  expect(events().map((event) => event.operation)).toEqual(["CreateKey", "CreateKey", "Encrypt"]);
});

describe("when the log cannot be written", () => {
  test("operations fail closed, change nothing, and go on when it can again", async () => {
    let broken = false;
    const got: AuditEvent[] = [];
    const audit = async (event: AuditEvent) => {
      if (broken) throw new Error("the collector is down");
      got.push(event);
    };
    await using kms = await openKms({ audit });
    const keyId = await createKeyId(kms);
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    broken = true;
    const refused = { code: "ERR_AUDIT", message: expect.stringContaining("the collector is down") };
    await expect(kms.disableKey({ keyId })).rejects.toMatchObject(refused);
    await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject(refused);
    await expect(kms.createKey({})).rejects.toMatchObject(refused);
    await expect(kms.describeKey({ keyId })).rejects.toMatchObject(refused);
    broken = false;
    expect((await kms.describeKey({ keyId })).keyMetadata.keyState).toBe("Enabled");
    expect((await kms.listKeys()).totalCount).toBe(1);
    await kms.disableKey({ keyId });
    expect(got.filter((event) => event.outcome === "OK").map((event) => event.operation)).toEqual([
      "CreateKey",
      "Encrypt",
      "DescribeKey",
      "ListKeys",
      "DisableKey",
    ]);
  });

  test('with "continue" operations go on, and the gap is noted', async () => {
    let broken = true;
    const got: AuditEvent[] = [];
    const audit = (event: AuditEvent) => {
      if (broken) throw new Error("no");
      got.push(event);
    };
    await using kms = await openKms({ audit, onAuditFailure: "continue" });
    const keyId = await createKeyId(kms);
    await kms.disableKey({ keyId });
    await kms.enableKey({ keyId });
    for (let i = 0; i < 9_000; i++) await kms.encrypt({ keyId, plaintext });
    broken = false;
    await kms.describeKey({ keyId });
    expect(got.slice(0, 3).map((event) => event.operation)).toEqual(["CreateKey", "DisableKey", "EnableKey"]);
    const gap = got.find((event) => event.operation === "AuditGap");
    expect(gap?.note).toMatch(/^\d+ events were lost/);
    const lost = Number.parseInt(gap?.note ?? "", 10);
    expect(got.filter((event) => event.operation === "Encrypt").length + lost).toBe(9_000);
  });

  test("a file on a full disk is refused at open and changes nothing", async () => {
    await expect(open({ audit: "/dev/full" })).rejects.toMatchObject({ code: "ERR_AUDIT" });
    await expect(open({ audit: join(directory, "no", "such", "directory.jsonl") })).rejects.toMatchObject({
      code: "ERR_AUDIT",
    });
    await expect(open({ audit: "" })).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    await using kms = await open();
    expect((await kms.listKeys()).totalCount).toBe(0);
  });
});

describe("a file that another process writes while it is open", () => {
  const create = (kms: Awaited<ReturnType<typeof open>>) => kms.createKey({});

  test("with a foreign line: every operation is refused and none hangs, until the line is gone", async () => {
    await using kms = await open();
    const keyId = await createKeyId(kms);
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    await sleep(200);
    const whole = readFileSync(log);
    appendFileSync(log, '{"seq":7,"operation":"Nothing"}\n');
    const refused = { code: "ERR_AUDIT" };
    await expect(create(kms)).rejects.toMatchObject(refused);
    for (let round = 0; round < 3; round++) {
      const calls = [
        create(kms),
        kms.decrypt({ ciphertextBlob }),
        create(kms),
        kms.sweep(),
        kms.describeKey({ keyId }),
      ];
      const settled = await Promise.allSettled(calls);
      expect(settled.filter((call) => call.status === "rejected").length).toBeGreaterThanOrEqual(4);
    }
    await expect(create(kms)).rejects.toMatchObject({ ...refused, message: expect.stringContaining("audit verify") });
    truncateSync(log, whole.length);
    await create(kms);
    await kms.decrypt({ ciphertextBlob });
    expect((await kms.listKeys()).totalCount).toBe(2);
    expect(await kms.verifyAudit()).toMatchObject({ ok: true });
  });

  test("with half a line: it is cut and recorded, and the next operation succeeds", async () => {
    await using kms = await open();
    await createKeyId(kms);
    appendFileSync(log, '{"seq":2,"tim');
    const calls = await Promise.allSettled([create(kms), create(kms), create(kms), create(kms)]);
    expect(calls[0]).toMatchObject({ status: "rejected", reason: { code: "ERR_AUDIT" } });
    await create(kms);
    expect(await kms.verifyAudit()).toMatchObject({ ok: true });
    expect(events().map((event) => event.operation)).toContain("AuditTailCut");
  });
});
