import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlStore } from "lanelock/stores";
import { testStoreContract } from "../contract/store.ts";

testStoreContract("SQLite", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lanelock-store-"));
  return {
    connect: () => sqlStore({ path: join(directory, "keys.db") }),
    dispose: async () => rmSync(directory, { recursive: true, force: true }),
  };
});
