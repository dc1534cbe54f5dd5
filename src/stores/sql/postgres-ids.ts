import type pg from "pg";
import type { RememberedId } from "../../kms/ports/index.ts";
import { systemTime } from "../../shared/timers.ts";

const FORGET_EVERY_MILLISECONDS = 60_000;
/** The clocks of servers may differ by this much: one that is ahead must not forget what another would still accept. */
const CLOCK_DIFFERENCE_MILLISECONDS = 15 * 60_000;
const ID_BYTES = 16;

/** Names the advisory lock under which the table is created: `create table if not exists` alone may fail when two do it at once. */
const CREATION_LOCK = 7_233_196_002;

const CREATE = `begin; select pg_advisory_xact_lock(${CREATION_LOCK});
  create unlogged table if not exists lanelock_ids (id bytea primary key, until bigint not null); commit`;

/** All ids in one value, and back only those that were known: arrays of either would cost more than the rest of a request's nonce. */
const INSERT = `with given as (
    select substr($1::bytea, ${ID_BYTES} * (n - 1)::int + 1, ${ID_BYTES}) as id, until
    from unnest($2::bigint[]) with ordinality as untils (until, n)
  ), added as (insert into lanelock_ids (id, until) select id, until from given on conflict do nothing returning id)
  select id from given except select id from added`;

/**
 * Ids that are remembered for a while, in an unlogged table. It is neither synced nor replicated, so a batch of requests costs little;
 * after a crash, or on a standby that takes over, it is empty.
 */
export class PostgresIds {
  readonly #pool: pg.Pool;
  #created: Promise<unknown> | undefined;
  #forgottenAt = 0;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** No id may occur twice in `entries`. */
  async remember(entries: readonly RememberedId[]): Promise<readonly boolean[]> {
    await this.#table();
    const ids = Buffer.concat(entries.map(({ id }) => id));
    const { rows } = await this.#pool.query<{ id: Buffer }>(INSERT, [ids, entries.map(({ until }) => until)]);
    this.#forget();
    if (rows.length === 0) return entries.map(() => true);
    const known = new Set(rows.map(({ id }) => id.toString("hex")));
    return entries.map(({ id }) => !known.has(Buffer.from(id).toString("hex")));
  }

  async #table(): Promise<void> {
    this.#created ??= this.#pool.query(CREATE);
    try {
      await this.#created;
    } catch (error) {
      this.#created = undefined;
      throw error;
    }
  }

  #forget(): void {
    const now = systemTime.now();
    if (now - this.#forgottenAt < FORGET_EVERY_MILLISECONDS) return;
    this.#forgottenAt = now;
    // If the database fails, the next call reports it.
    const before = now - CLOCK_DIFFERENCE_MILLISECONDS;
    this.#pool.query("delete from lanelock_ids where until < $1", [before]).catch(() => undefined);
  }
}
