import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditEvent } from "lanelock/kms";
import { memoryStore, sqlStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { createKeyId, openKms, TestClock } from "../open-kms.ts";

const plaintext = new Uint8Array(8);

test("an operation that was aborted leaves an event", async () => {
  const events: AuditEvent[] = [];
  await using kms = await openKms({ audit: (event) => void events.push(event) });
  const keyId = await createKeyId(kms);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(kms.encrypt({ keyId, plaintext }, { signal })).rejects.toThrow("enough");
  await expect(kms.disableKey({ keyId }, { signal })).rejects.toThrow("enough");
  await kms.describeKey({ keyId });
  await expect
    .poll(() => events.map(({ operation, outcome }) => `${operation} ${outcome}`))
    .toEqual([...["CreateKey OK", "Encrypt Aborted", "DisableKey Aborted", "DescribeKey OK"]]);
});

test("the event of an operation that was refused for the log is never written", async () => {
  const events: AuditEvent[] = [];
  let broken = false;
  const audit = (event: AuditEvent) => {
    if (broken) throw new Error("down");
    events.push(event);
  };
  await using kms = await openKms({ audit });
  const keyId = await createKeyId(kms);
  broken = true;
  for (let i = 0; i < 3; i++) await expect(kms.disableKey({ keyId })).rejects.toMatchObject({ code: "ERR_AUDIT" });
  broken = false;
  await kms.enableKey({ keyId }).catch(() => undefined);
  await kms.describeKey({ keyId });
  await kms.close();
  expect(events.filter(({ operation }) => operation === "DisableKey")).toEqual([]);
});

test("while anchors cannot be written operations are refused, and go on when one is", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lanelock-anchors-"));
  const store = memoryStore();
  const kms = await openKms({ store, audit: join(directory, "audit.jsonl") });
  const keyId = await createKeyId(kms);
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  const write = store.write.bind(store);
  store.write = async () => {
    throw new Error("read-only");
  };
  const code = () =>
    kms.decrypt({ ciphertextBlob }).then(
      () => "OK",
      (error) => error.code,
    );
  await expect.poll(code, { timeout: 60_000 }).toBe("ERR_AUDIT");
  for (let i = 0; i < 5; i++) expect(await code()).toBe("ERR_AUDIT");
  store.write = write;
  expect(await code()).toBe("OK");
  await kms.close();
  rmSync(directory, { recursive: true });
});

test("a file that was written beside the anchor, of the same length and number, is not the one anchored", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lanelock-fork-"));
  const { clock } = new TestClock();
  const open = (home: string) => openKms({ store: sqlStore({ path: join(home, "keys.db") }), clock });
  const [one, other] = [join(directory, "one"), join(directory, "other")];
  mkdirSync(one);
  const first = await open(one);
  const keyId = await createKeyId(first);
  const { ciphertextBlob } = await first.encrypt({ keyId, plaintext });
  await first.close();
  cpSync(one, other, { recursive: true });
  const [left, right] = [await open(one), await open(other)];
  // Names of one length, so that lines are.
  await left.encrypt({ keyId, plaintext });
  await right.decrypt({ ciphertextBlob });
  await Promise.all([left.close(), right.close()]);
  const text = (home: string) => readFileSync(join(home, "keys.db.audit.jsonl"), "utf8");
  expect([text(one).length, text(one) === text(other)]).toEqual([text(other).length, false]);
  await using kms = await openKms({ store: sqlStore({ path: join(one, "keys.db") }), clock, audit: false });
  const log = join(one, "keys.db.audit.jsonl");
  await expect(kms.verifyAudit({ files: [log] })).resolves.toBeDefined();
  writeFileSync(log, text(other));
  const report = await kms.verifyAudit({ files: [log] });
  expect(report.files.find(({ location }) => location === log)?.problems).toEqual([
    expect.stringContaining("was anchored"),
  ]);
  rmSync(directory, { recursive: true });
});

test("the number in a seal is checked, which its MAC does not cover", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lanelock-seal-"));
  const log = join(directory, "audit.jsonl");
  const kms = await openKms({ audit: log });
  await createKeyId(kms);
  const whole = readFileSync(log, "utf8");
  for (const [seal, lie] of [
    ['"seal":0', '"seal":1'],
    ['"seal":1', '"seal":2'],
  ] as const) {
    writeFileSync(log, whole.replace(seal, lie));
    const report = await kms.verifyAudit().catch((error) => error);
    expect(report.ok === true, seal).toBe(false);
    writeFileSync(log, whole);
  }
  await kms.close().catch(() => undefined);
  rmSync(directory, { recursive: true });
});
