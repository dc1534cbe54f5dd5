import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { BundledProgram } from "./bundled-process.ts";

test("a program that ends without closing the KMS ends all the same, and its last events are in the log", async () => {
  const program = new BundledProgram(fileURLToPath(new URL("forgotten-close-program.ts", import.meta.url)));
  const directory = mkdtempSync(join(tmpdir(), "lanelock-forgotten-"));
  const path = join(directory, "keys.db");
  try {
    const run = program.start([path]);
    expect([await run.ended(), run.errors]).toEqual([0, ""]);
    const log = readFileSync(`${path}.audit.jsonl`, "utf8");
    const operations = [...log.matchAll(/"operation":"(\w+)"/g)].map(([, operation]) => operation);
    expect(operations).toEqual(["CreateKey", "Encrypt", "Decrypt"]);
    await using kms = await Kms.open({ store: sqlStore({ path }), rootKey: new Uint8Array(32).fill(1) });
    expect(await kms.verifyAudit()).toMatchObject({ ok: true });
  } finally {
    program.dispose();
    rmSync(directory, { recursive: true, force: true });
  }
});
