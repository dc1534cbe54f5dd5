import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { openKms } from "../open-kms.ts";

test("seeding a key that is there already is in the log before the call returns, as everything of the life cycle is", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lanelock-seeding-"));
  const path = join(directory, "keys.db");
  const seed = { keyId: "key-seeded", keyVersionId: "v".repeat(36), material: new Uint8Array(32) };
  const kms = await openKms({ allowSeeding: true, store: sqlStore({ path }) });
  try {
    for (let times = 1; times <= 3; times++) {
      await kms.seedKey(seed);
      expect(readFileSync(`${path}.audit.jsonl`, "utf8").split('"operation":"SeedKey"')).toHaveLength(times + 1);
    }
  } finally {
    await kms.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
