import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KeyStore, Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterEach, beforeEach, expect } from "vitest";
import { ChainedFile } from "../../../src/kms/audit/chained-file.ts";
import { type PendingEvent, pendingEvent } from "../../../src/kms/audit/event.ts";
import { verifyAuditFiles } from "../../../src/kms/audit/verify.ts";
import { StoreKeys } from "../../../src/kms/root/store-keys.ts";
import { materialCipher } from "../../../src/providers/software/index.ts";
import { rootKey } from "../open-kms.ts";
import { trustedRows } from "../trusted-rows.ts";

// A folder, a store and its keys for each test of a file that imports this, and the audit files opened there.

export let directory: string;
export let path: string;
export let store: KeyStore;
export let keys: StoreKeys;
export let files: ChainedFile[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "lanelock-chained-"));
  path = join(directory, "audit.jsonl");
  store = memoryStore();
  await (await Kms.open({ store, rootKey, audit: false, sweepSeconds: false })).close();
  await store.open();
  const storeId = await store.read((rows) => rows.meta("store-id"));
  keys = new StoreKeys(new TextDecoder().decode(storeId), rootKey, materialCipher);
  files = [];
});
afterEach(async () => {
  for (const file of files) await file.close();
  await store.close();
  rmSync(directory, { recursive: true });
});

export async function open(at = path): Promise<ChainedFile> {
  const file = await ChainedFile.open({ path: at, store: await trustedRows(store), keys, now: () => 1_000 });
  files.push(file);
  return file;
}
export const event = (operation: string): PendingEvent => pendingEvent(1, "me", operation);
export const linesOf = (file = path) =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
export const operationsOf = (file = path) => linesOf(file).flatMap(({ operation }) => operation ?? []);
export const anchors = () => store.read((rows) => rows.anchors());
export const verify = async (...given: string[]) => verifyAuditFiles({ anchors: await anchors(), keys, files: given });
export const problems = async (...given: string[]) => (await verify(...given)).files.flatMap((file) => file.problems);
export const lost = expect.objectContaining({ code: "ERR_AUDIT", message: expect.stringContaining("deleted or cut") });
export const overtaken = expect.objectContaining({ code: "ERR_AUDIT", message: expect.stringContaining("claim") });
