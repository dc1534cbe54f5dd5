import pg from "pg";
import type { StoreClaim } from "../../kms/ports/index.ts";
import { clearTimeout, setTimeout } from "../../shared/timers.ts";

/** The most that a claim's connection is waited for. */
const PATIENCE_MILLISECONDS = 5_000;

/** An advisory lock of a connection kept for it: the server ends it with the connection. */
export class PostgresClaim implements StoreClaim {
  readonly #client: pg.Client;
  readonly #onRelease: (claim: PostgresClaim) => void;
  #lost = false;
  #asking: Promise<void> | undefined;

  private constructor(client: pg.Client, onRelease: (claim: PostgresClaim) => void) {
    this.#client = client;
    this.#onRelease = onRelease;
    client.on("error", this.#lose);
    client.on("end", this.#lose);
  }

  /** @returns `undefined` when somebody else has it */
  static async take(
    name: string,
    { settings, onRelease }: { settings: pg.ClientConfig; onRelease: (claim: PostgresClaim) => void },
  ): Promise<PostgresClaim | undefined> {
    const client = new pg.Client({ ...settings, options: "-c idle_session_timeout=0" });
    const claim = new PostgresClaim(client, onRelease);
    await client.connect();
    try {
      const text = "select pg_try_advisory_lock(hashtextextended($1, 0)) as held";
      const query = { text, values: [`lanelock ${name}`], query_timeout: PATIENCE_MILLISECONDS };
      const { rows } = await client.query(query);
      if (rows[0]?.held === true) return claim;
    } catch (error) {
      await claim.release();
      throw error;
    }
    await claim.release();
    return undefined;
  }

  readonly #lose = () => {
    this.#lost = true;
  };

  get lost(): boolean {
    return this.#lost;
  }

  async check(): Promise<void> {
    if (this.#lost) return;
    const query = { text: "select 1", query_timeout: PATIENCE_MILLISECONDS };
    this.#asking ??= this.#client.query(query).then(() => {
      this.#asking = undefined;
    }, this.#lose);
    await this.#asking;
  }

  /** Says goodbye, and hangs up on a server that does not answer that. */
  async release(): Promise<void> {
    this.#onRelease(this);
    const hangUp = setTimeout(() => this.#client.connection.stream.destroy(), PATIENCE_MILLISECONDS);
    await this.#client.end();
    clearTimeout(hangUp);
  }
}
