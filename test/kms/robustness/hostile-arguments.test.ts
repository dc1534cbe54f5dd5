import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kms } from "lanelock/kms";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

/** What stands beside a request: call options, the caller's name, the files to verify. */
let directory: string;
let kms: Kms;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "lanelock-hostile-"));
  kms = await openKms({ audit: join(directory, "audit.jsonl") });
});
afterEach(async () => {
  await kms.close();
  rmSync(directory, { recursive: true });
});

const wrong = { code: "ERR_ARGUMENT" };

test("call options that are not an object, or whose signal is not an AbortSignal, are refused, and nothing is done", async () => {
  const throwing = {
    get signal() {
      throw new Error("no");
    },
  };
  const bad = [
    5,
    "x",
    null,
    () => undefined,
    { signal: 5 },
    { signal: null },
    { signal: {} },
    { signal: "abort" },
    throwing,
  ];
  for (const options of bad) {
    await expect(kms.createKey({}, options as never)).rejects.toMatchObject(wrong);
  }
  expect((await kms.listKeys({}, {})).totalCount).toBe(0);
  await kms.createKey({}, { signal: undefined });
  await kms.createKey({}, { signal: new AbortController().signal });
});

test("a signal that has ended rejects with its reason, and nothing is done", async () => {
  const reason = new Error("enough");
  await expect(kms.createKey({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect((await kms.listKeys()).totalCount).toBe(0);
});

test("a caller's name is 1 to 256 characters of text", async () => {
  for (const caller of [undefined, null, 5, "", "x".repeat(257), Symbol("s"), {}, Object.create(null)]) {
    expect(() => kms.as(caller as never)).toThrow(expect.objectContaining(wrong));
  }
  const names = ["x".repeat(256), '"\n{}', "\ud800", "\0", "名"];
  for (const caller of names) await createKeyId(kms.as(caller));
  const report = await kms.verifyAudit();
  expect(report).toMatchObject({ ok: true });
  expect(report.files[0]?.events).toBe(names.length);
});

test("verifyAudit refuses files that are no paths", async () => {
  for (const request of [
    null,
    5,
    { files: null },
    { files: "a" },
    { files: [5] },
    { files: new Array(2) },
    { files: ["\0"] },
  ]) {
    await expect(kms.verifyAudit(request as never)).rejects.toMatchObject(wrong);
  }
  expect(await kms.verifyAudit({ files: [directory] })).toMatchObject({ ok: false });
});
