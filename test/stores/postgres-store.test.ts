import { sqlStore } from "lanelock/stores";
import { afterAll, beforeAll } from "vitest";
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
