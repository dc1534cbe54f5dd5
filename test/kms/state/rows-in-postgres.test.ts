import { join } from "node:path";
import { sqlStore } from "lanelock/stores";
import { afterAll } from "vitest";
import { PostgresServer } from "../../stores/postgres-server.ts";
import { scratchFolder } from "../../tokens/scratch-folder.ts";
import { postgresIntruder } from "./database.ts";
import { describeRowAttacks } from "./row-attacks.ts";

/** A prime, so that every table is met. */
const EVERY = process.env.LANELOCK_LONG === "1" ? 1 : 5;

let server: PostgresServer | undefined;
afterAll(() => server?.stop());

describeRowAttacks(async () => {
  server = await PostgresServer.start();
  const url = server.createDatabase();
  const audit = join(scratchFolder("state"), "audit.jsonl");
  return { store: () => sqlStore({ url }), intrude: () => postgresIntruder(url), audit, every: EVERY };
});
