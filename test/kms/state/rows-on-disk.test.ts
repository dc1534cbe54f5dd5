import { join } from "node:path";
import { sqlStore } from "lanelock/stores";
import { scratchFolder } from "../../tokens/scratch-folder.ts";
import { sqliteIntruder } from "./database.ts";
import { describeRowAttacks } from "./row-attacks.ts";

describeRowAttacks(async () => {
  const path = join(scratchFolder("state"), "keys.db");
  return { store: () => sqlStore({ path }), intrude: async () => sqliteIntruder(path), every: 1 };
});
