import { randomInt } from "node:crypto";
import type pg from "pg";
import { LanelockError } from "../../errors.ts";

/** Number of tries to detect a pooler: other clients may take the connection that would show it. */
const ROUNDS = 3;

const REMEDY =
  "Locks and settings of a session would be lost. Connect to PostgreSQL itself, or to a pooler in session mode (pool_mode = session).";

/**
 * Refuses a pooler that gives each transaction another session of the server. Behind one, the lock that makes a process the only
 * writer of an audit file would belong to the next client.
 *
 * A pooler reports process ids of its own. It shares sessions if the lock of one connection turns up in another, or is gone.
 *
 * @throws LanelockError `ERR_STORE`
 */
export async function refuseTransactionPooler(name: string, pool: pg.Pool): Promise<void> {
  const first = await pool.connect();
  let isBroken = true;
  try {
    const shared = (await isPooled(first)) && (await sharesSessions(first, pool));
    isBroken = shared;
    if (shared) {
      throw new LanelockError("ERR_STORE", `${name}: a pooler in transaction mode is in front of it. ${REMEDY}`);
    }
  } finally {
    first.release(isBroken);
  }
}

async function backendOf(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query("select pg_backend_pid() as pid");
  return Number(rows[0]?.pid);
}

async function isPooled(client: pg.PoolClient & { processID?: number | null }): Promise<boolean> {
  return client.processID !== (await backendOf(client));
}

async function sharesSessions(first: pg.PoolClient, pool: pg.Pool): Promise<boolean> {
  const second = await pool.connect();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const lock = [randomInt(2 ** 31), randomInt(2 ** 31)];
      const before = await backendOf(first);
      await first.query("select pg_advisory_lock($1::int, $2::int)", lock);
      await second.query("begin");
      const { rows } = await second.query("select pg_try_advisory_lock($1::int, $2::int) as taken", lock);
      // While the second is in a transaction, its session cannot be the first's.
      const isSame = (await backendOf(first)) === before;
      await second.query("rollback");
      if (rows[0]?.taken === true || !isSame) return true;
      await first.query("select pg_advisory_unlock($1::int, $2::int)", lock);
    }
    return false;
  } finally {
    second.release(true);
  }
}
