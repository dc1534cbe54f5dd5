import { sqlStore } from "lanelock/stores";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { postgresFailure } from "../../src/stores/sql/store-failure.ts";
import { testStoreContract } from "../contract/store.ts";
import { PostgresServer } from "./postgres-server.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

testStoreContract("PostgreSQL", async () => {
  const url = server.createDatabase();
  return { connect: () => sqlStore({ url }), dispose: async () => undefined };
});

test("a broken connection is reported as an unreachable server, whenever it is noticed", async () => {
  const client = new pg.Client({ connectionString: server.createDatabase() });
  client.on("error", () => undefined);
  await client.connect();
  const ended = new Promise((resolve) => client.once("end", resolve));
  const running = client.query("select pg_sleep(60)").catch((error) => error);
  server.sql("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep%'");
  const failures = [await running];
  failures.push(await client.query("select 1").catch((error) => error));
  await ended;
  failures.push(await client.query("select 1").catch((error) => error));
  for (const error of failures) {
    const message = expect.stringContaining("cannot be reached");
    expect(postgresFailure("PostgreSQL", error), String(error)).toMatchObject({ code: "ERR_STORE", message });
  }
});
