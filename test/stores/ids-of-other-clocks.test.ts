import { randomBytes } from "node:crypto";
import pg from "pg";
import { expect, test, vi } from "vitest";
import { systemTime } from "../../src/shared/timers.ts";
import { PostgresIds } from "../../src/stores/sql/postgres-ids.ts";
import { PostgresServer } from "./postgres-server.ts";

const MINUTE = 60_000;

test("a server whose clock is ahead forgets no id that others still need", async () => {
  const postgres = await PostgresServer.start();
  const pool = new pg.Pool({ connectionString: postgres.createDatabase() });
  // The server is stopped while connections are open.
  pool.on("error", () => undefined);
  try {
    const entry = (minutes: number) => ({ id: randomBytes(16), until: Date.now() + minutes * MINUTE });
    const [needed, dead] = [entry(1), entry(-60)];
    const ids = new PostgresIds(pool);
    expect(await ids.remember([needed])).toEqual([true]);
    await pool.query("insert into lanelock_ids (id, until) values ($1, $2)", [dead.id, dead.until]);
    const clock = vi.spyOn(systemTime, "now").mockImplementation(() => Date.now() + 14 * MINUTE);
    await new PostgresIds(pool).remember([entry(15)]);
    clock.mockRestore();
    const known = async (id: Buffer) =>
      (await pool.query("select id from lanelock_ids where id = $1", [id])).rows.length;
    await expect.poll(() => known(dead.id), { timeout: 60_000 }).toBe(0);
    expect(await ids.remember([needed])).toEqual([false]);
  } finally {
    await pool.end();
    await postgres.stop();
  }
});
