import { sqlStore } from "lanelock/stores";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { FaultInjector } from "./faults.ts";
import { PostgresServer } from "./postgres-server.ts";
import { failEachCall } from "./store-scenario.ts";

let server: PostgresServer;
const undo: (() => void)[] = [];

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterEach(() => {
  for (const step of undo.splice(0)) step();
});
afterAll(() => server.stop());

/** A connection that the pool handed out to nobody. */
function giveBack(result: unknown): void {
  if (typeof result === "object" && result !== null && "release" in result && typeof result.release === "function") {
    result.release(true);
  }
}

/** Calls with a callback are the driver's own, of its pool. */
function inject(prototype: object, name: string, fault: FaultInjector): void {
  const real: unknown = Reflect.get(prototype, name);
  if (typeof real !== "function") throw new Error(`pg has no ${name}`);
  Reflect.set(prototype, name, function (this: unknown, ...parameters: unknown[]) {
    const call = () => Reflect.apply(real, this, parameters);
    return typeof parameters.at(-1) === "function" ? call() : fault.call(name, call, giveBack);
  });
  undo.push(() => Reflect.set(prototype, name, real));
}

test("whatever fails, in whatever call of pg, is an error of ours, and nothing acknowledged is lost", async () => {
  const url = server.createDatabase();
  const fault = new FaultInjector();
  for (const name of ["connect", "query", "end"]) inject(pg.Client.prototype, name, fault);
  for (const name of ["connect", "end"]) inject(pg.Pool.prototype, name, fault);
  const runs = await failEachCall(() => sqlStore({ url }), fault);
  console.log(`PostgreSQL: ${runs} injected failures`);
  expect(runs).toBeGreaterThan(20);
});
