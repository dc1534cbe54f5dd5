import { randomBytes } from "node:crypto";
import { sqlStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { PostgresServer } from "../stores/postgres-server.ts";
import { startServer } from "./harness.ts";
import { Caller } from "./load.ts";
import { send, signedPath } from "./signed.ts";

const CONNECTIONS = 16;
const ROUNDS = process.env.LANELOCK_LONG === "1" ? 6 : 2;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Calls until it is stopped, and keeps the answers. */
class Load {
  readonly refusals: unknown[] = [];
  readonly wrong: unknown[] = [];
  readonly sealed: { readonly blob: string; readonly plaintext: string }[] = [];
  successes = 0;
  #running = true;
  readonly #keyId: string;
  readonly #done: Promise<unknown>;

  constructor(keyId: string, makeCaller: () => Caller) {
    this.#keyId = keyId;
    this.#done = Promise.all(Array.from({ length: CONNECTIONS }, () => this.#call(makeCaller())));
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #call(caller: Caller): Promise<void> {
    while (this.#running) {
      const plaintext = randomBytes(24).toString("base64");
      const made = await this.#one(caller, "Encrypt", { KeyId: this.#keyId, Plaintext: plaintext });
      if (made !== undefined) this.sealed.push({ blob: String(made.CiphertextBlob), plaintext });
      const known = this.sealed[Math.floor(Math.random() * this.sealed.length)];
      if (known === undefined) continue;
      const opened = await this.#one(caller, "Decrypt", { CiphertextBlob: known.blob });
      if (opened !== undefined && opened.Plaintext !== known.plaintext) this.wrong.push({ opened, known });
    }
    caller.close();
  }

  async #one(caller: Caller, operation: string, parameters: Record<string, string>) {
    const { status, json } = await caller.call(operation, parameters);
    if (status === 200) {
      this.successes++;
      return json;
    }
    this.refusals.push(json);
    if (status !== 503 || json.Code !== "SerivceUnavailableTemporary") this.wrong.push({ operation, status, json });
    // A client waits before it calls again.
    await pause(20);
    return undefined;
  }
}

test("a PostgreSQL that is killed and started again costs retryable errors, and the service is back by itself", async () => {
  const postgres = await PostgresServer.start();
  try {
    const url = postgres.createDatabase();
    await using running = await startServer({}, { store: sqlStore({ url }), audit: false });
    const created = await send(running.server.url, signedPath(running.owner, "CreateKey"));
    const { KeyId } = created.json.KeyMetadata as { KeyId: string };
    const load = new Load(KeyId, () => new Caller(running.server.url, running.owner));
    const growth = async (count: () => number) => {
      const before = count();
      for (let attempt = 0; attempt < 600 && count() <= before && load.wrong.length === 0; attempt++) await pause(100);
      expect(load.wrong).toEqual([]);
      expect(count()).toBeGreaterThan(before);
    };
    for (let round = 0; round < ROUNDS; round++) {
      await growth(() => load.successes);
      await postgres.kill();
      await growth(() => load.refusals.length);
      await pause(500);
      await postgres.run();
      await growth(() => load.successes);
    }
    await load.stop();
    expect(load.wrong).toEqual([]);
    // What was acknowledged before, between and after the kills opens.
    for (const { blob, plaintext } of load.sealed) {
      const opened = await send(running.server.url, signedPath(running.owner, "Decrypt", { CiphertextBlob: blob }));
      expect(opened).toMatchObject({ status: 200, json: { Plaintext: plaintext } });
    }
    console.log(`${load.successes} answers and ${load.refusals.length} retryable refusals over ${ROUNDS} kills`);
  } finally {
    await postgres.stop();
  }
});
