import { sqlStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { PostgresServer } from "../stores/postgres-server.ts";
import { startServer, type TestServer } from "./harness.ts";
import { send, signedPath } from "./signed.ts";

/** Every sample of the metrics, by its name with labels. */
async function samplesOf({ server }: TestServer): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

test("requests are counted by operation and code, their times by operation, and the fill of the caches is shown", async () => {
  await using running = await startServer({ metrics: true });
  const { server, owner, kms } = running;
  const { keyId } = (await kms.createKey({})).keyMetadata;
  const call = (operation: string, parameters = {}) => send(server.url, signedPath(owner, operation, parameters));
  for (let i = 0; i < 3; i++) expect((await call("Encrypt", { KeyId: keyId, Plaintext: "aGk=" })).status).toBe(200);
  expect((await call("Encrypt", { KeyId: "alias/none", Plaintext: "aGk=" })).status).toBe(404);
  expect((await call("NoSuchOperation")).status).toBe(404);
  const samples = await samplesOf(running);
  const requests = [...samples].filter(([name]) => name.startsWith("lanelock_requests_total"));
  expect(Object.fromEntries(requests)).toEqual({
    'lanelock_requests_total{operation="Encrypt",code="OK"}': 3,
    'lanelock_requests_total{operation="Encrypt",code="Forbidden.KeyNotFound"}': 1,
    'lanelock_requests_total{operation="unknown",code="InvalidAction.NotFound"}': 1,
  });
  const seconds = (name: string) => samples.get(`lanelock_request_seconds${name}`);
  expect(seconds('_count{operation="Encrypt"}')).toBe(4);
  expect(seconds('_bucket{le="+Inf",operation="Encrypt"}')).toBe(4);
  expect(seconds('_sum{operation="Encrypt"}')).toBeGreaterThan(0);
  expect(samples.get("lanelock_nonces")).toBe(5);
  expect(samples.get("lanelock_cached_cipher_keys")).toBe(1);
  expect(samples.get("lanelock_cached_asymmetric_keys")).toBe(0);
  expect(samples.get("lanelock_cached_key_names")).toBeGreaterThan(0);
  expect(samples.get("lanelock_audit_events_waiting")).toBe(0);
  expect(samples.get("lanelock_store_connections")).toBe(0);
  expect(samples.get("lanelock_token_sessions")).toBe(0);
});

test("the pool of connections to PostgreSQL is shown", async () => {
  const postgres = await PostgresServer.start();
  try {
    const kmsOptions = { store: sqlStore({ url: postgres.createDatabase() }) };
    await using running = await startServer({ metrics: true }, kmsOptions);
    await Promise.all(Array.from({ length: 3 }, () => running.kms.listKeys()));
    const samples = await samplesOf(running);
    expect(samples.get("lanelock_store_connections")).toBeGreaterThan(0);
    expect(samples.get("lanelock_store_connections")).toBeLessThanOrEqual(8);
    expect(samples.get("lanelock_store_waiting")).toBe(0);
  } finally {
    await postgres.stop();
  }
});
