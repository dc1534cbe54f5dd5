import type pg from "pg";
import type { StoreClaim } from "../../kms/ports/index.ts";
import { clearTimeout, setTimeout } from "../../shared/timers.ts";
import type { ConnectionSettings } from "./postgres-settings.ts";

/** Servers since version 14 may end idle sessions, and the session of a claim is idle most of the time. */
const KEEP_IDLE = "select set_config(name, '0', false) from pg_settings where name = 'idle_session_timeout'";

/** How long a claim's connection may take to answer. */
const PATIENCE_MILLISECONDS = 5_000;

/** An advisory lock on a connection of its own: the server releases it when the connection ends. */
export class PostgresClaim implements StoreClaim {
  readonly #client: pg.Client;
  readonly #onRelease: (claim: PostgresClaim) => void;
  #lost = false;
  #backend: unknown;
  #asking: Promise<void> | undefined;

  private constructor(client: pg.Client, onRelease: (claim: PostgresClaim) => void) {
    this.#client = client;
    this.#onRelease = onRelease;
    client.on("error", this.#lose);
    client.on("end", this.#lose);
  }

  /** @returns `undefined` when another process has it */
  static async take(
    name: string,
    { settings, onRelease }: { settings: ConnectionSettings; onRelease: (claim: PostgresClaim) => void },
  ): Promise<PostgresClaim | undefined> {
    const client = new settings.Client(settings.config);
    const claim = new PostgresClaim(client, onRelease);
    try {
      await client.connect();
      if (await claim.#lock(name)) return claim;
    } catch (error) {
      await claim.release();
      throw error;
    }
    await claim.release();
    return undefined;
  }

  async #lock(name: string): Promise<boolean> {
    await this.#ask(KEEP_IDLE);
    const text = "select pg_try_advisory_lock(hashtextextended($1, 0)) as held, pg_backend_pid() as backend";
    const row = await this.#ask(text, [`lanelock ${name}`]);
    if (row?.held !== true) return false;
    this.#backend = row.backend;
    // A claim does not keep the process alive; it ends with the process.
    this.#keepsProcess("unref");
    return true;
  }

  /** Whether the process waits for this connection before it ends. */
  #keepsProcess(how: "ref" | "unref"): void {
    const stream: object & { ref?: () => unknown; unref?: () => unknown } = this.#client.connection.stream;
    stream[how]?.();
  }

  async #ask(text: string, values: readonly string[] = []): Promise<Record<string, unknown> | undefined> {
    const query = { text, values: [...values], query_timeout: PATIENCE_MILLISECONDS };
    const { rows } = await this.#client.query(query);
    return rows[0];
  }

  readonly #lose = () => {
    this.#lost = true;
  };

  get lost(): boolean {
    return this.#lost;
  }

  async check(): Promise<void> {
    if (this.#lost) return;
    this.#asking ??= this.#askWhetherHeld().catch(this.#lose);
    await this.#asking;
  }

  /** The lock belongs to the server's session. If the session has changed, the claim is lost. */
  async #askWhetherHeld(): Promise<void> {
    this.#keepsProcess("ref");
    try {
      const row = await this.#ask("select pg_backend_pid() as backend");
      if (row?.backend !== this.#backend) this.#lose();
    } finally {
      this.#keepsProcess("unref");
      this.#asking = undefined;
    }
  }

  /** Ends the connection; closes the socket if the server does not answer. */
  async release(): Promise<void> {
    this.#onRelease(this);
    this.#keepsProcess("ref");
    const { stream } = this.#client.connection;
    const hangUp = setTimeout(() => stream.destroy(), PATIENCE_MILLISECONDS);
    try {
      await this.#client.end();
    } catch {
      // The server ends the claim with the connection, however that ends.
      stream.destroy();
    } finally {
      clearTimeout(hangUp);
    }
  }
}
