import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sqlStore } from "lanelock/stores";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isBusy, postgresFailure, sqliteFailure } from "../../src/stores/sql/store-failure.ts";
import { PostgresServer } from "./postgres-server.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start({
    access: ["host all locked 127.0.0.1/32 reject", "host all secret 127.0.0.1/32 scram-sha-256"],
  });
});
afterAll(() => server.stop());

async function opening(url: string): Promise<unknown> {
  const store = sqlStore({ url });
  try {
    await store.open();
    await store.close();
    return "opened";
  } catch (error) {
    return error;
  }
}

test("each way in which a real server refuses has the advice that fits", async () => {
  server.sql("postgres", "create role plain login; create role locked login; create role secret login password 'x'");
  const database = new URL(server.createDatabase()).pathname;
  const at = (user: string, rest = database) => `postgres://${user}@127.0.0.1:${server.port}${rest}`;
  for (const [url, advice] of [
    [at("plain"), "It needs CREATE and USAGE on the schema"],
    [at("locked"), "check the user name and pg_hba.conf"],
    [at("secret:wrong"), "refused the user or the password"],
    [at("nobody-known"), "refused the user"],
    [at("lanelock", "/nowhere"), "has no such database"],
    ["postgres://lanelock@127.0.0.1:1/keys", "cannot be reached"],
    ["postgres://lanelock@unknown.invalid/keys", "host name of the server is not known"],
    ["postgres://lanelock@/keys?host=/nowhere", "cannot be reached"],
    [at("lanelock", `${database}?options=-c%20nonsense%3D1`), "unrecognized configuration parameter"],
  ] as const) {
    expect(await opening(url), url).toMatchObject({ code: "ERR_STORE", message: expect.stringContaining(advice) });
  }
});

test("a standby is refused as one", async () => {
  const url = server.createDatabase();
  expect(await opening(url)).toBe("opened");
  await server.kill();
  const signal = join(server.directory, "data", "standby.signal");
  writeFileSync(signal, "");
  await server.run();
  const message = expect.stringContaining("Connect to the primary server");
  expect(await opening(url)).toMatchObject({ code: "ERR_STORE", message });
  await server.kill();
  rmSync(signal);
  await server.run();
  expect(await opening(url)).toBe("opened");
});

const coded = (code: unknown, message = "…") => Object.assign(new Error(message), { code });

test.each([
  [coded("UNKNOWN_SQLITE_ERROR_1544"), "read-only for this process"],
  [coded("UNKNOWN_SQLITE_ERROR_266"), "Check the disk"],
  [coded("UNKNOWN_SQLITE_ERROR_261"), "locked for too long"],
  [new Error('ConnectionFailed("Unable to open connection to local database /x: 14")'), "/x: 14"],
  [new Error("SqliteError: Unable to open connection to local database /x: 14"), "cannot be opened"],
  [coded("SQLITE_FULL"), "disk is full"],
  [coded("ENOSPC"), "disk is full"],
  [coded("EACCES"), "may not use the database file"],
  [coded("EMFILE"), "ulimit -n"],
  [coded("SQLITE_SOMETHING_NEW", "brand new"), "the database failed: brand new"],
  ["only a text", "the database failed: only a text"],
  [undefined, "the database failed. Nothing that was acknowledged is lost"],
])("SQLite: %s", (thrown, advice) => {
  const failure = sqliteFailure("SQLite a", thrown);
  expect(failure).toMatchObject({ code: "ERR_STORE", message: expect.stringContaining(advice), cause: thrown });
  expect(failure.message).toMatch(/^SQLite a: /);
});

test.each([
  [coded("53100"), "server's disk is full"],
  [coded("53300"), "no connection left"],
  [coded("25006"), "primary"],
  [coded("0A000", "cannot set transaction read-write mode during recovery"), "primary"],
  [coded("0A000", "something else is not supported"), "something else is not supported"],
  [coded("08P01", "unsupported startup parameter: options"), "pooler in session mode"],
  [coded("57P03"), "cannot be reached"],
  [coded("ECONNREFUSED"), "cannot be reached"],
  [coded("ENOTFOUND"), "host name of the server is not known"],
  [new Error("timeout exceeded when trying to connect"), "all in use"],
  [new Error("Connection terminated unexpectedly"), "cannot be reached"],
  [coded("42P01"), "missing or changed"],
  [coded("ZZ999", "a new one"), "the database failed: a new one"],
])("PostgreSQL: %s", (thrown, advice) => {
  const failure = postgresFailure("PostgreSQL a", thrown);
  expect(failure).toMatchObject({ code: "ERR_STORE", message: expect.stringContaining(advice), cause: thrown });
});

test("busy is known through our own error, and no error of ours is wrapped again", () => {
  const busy = sqliteFailure("SQLite a", coded("SQLITE_BUSY_SNAPSHOT"));
  expect(isBusy(busy)).toBe(true);
  expect(isBusy(coded("UNKNOWN_SQLITE_ERROR_261"))).toBe(true);
  expect(isBusy(coded("SQLITE_FULL"))).toBe(false);
  expect(sqliteFailure("SQLite b", busy)).toBe(busy);
});
