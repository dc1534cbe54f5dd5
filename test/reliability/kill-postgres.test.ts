import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Kms, type KmsOptions } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKeyId, rootKey } from "../kms/open-kms.ts";
import { PostgresServer } from "../stores/postgres-server.ts";
import { checkModel } from "./check-model.ts";
import { apply, emptyModel, type Model, nextStep, seeded, type Touches } from "./mixed-operations.ts";

const RUNS = process.env.LANELOCK_LONG === "1" ? 20 : 2;
const WORKERS = 3;

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

interface Worker {
  readonly model: Model;
  uncertain: Touches;
  done: number;
}

/** Works on keys of its own until an operation fails, which must be with a typed error that says so. */
async function work(kms: Kms, seed: number): Promise<Worker> {
  const worker: Worker = { model: emptyModel(), uncertain: { keyIds: [], aliases: [] }, done: 0 };
  const random = seeded(seed);
  for (;;) {
    const step = nextStep(worker.model, random, () => undefined);
    // Time does not pass here, and alias names are the workers' common ground.
    if (step.days !== undefined || step.touches.aliases.length > 0) continue;
    worker.uncertain = step.touches;
    try {
      const change = await step.run(kms);
      if (change) apply(worker.model, change);
      worker.done++;
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      expect(error, `its cause: ${cause}`).toMatchObject({ code: "ERR_STORE" });
      return worker;
    }
  }
}

test(`PostgreSQL killed ${RUNS} times under load: everything acknowledged is there, and the KMS recovers by itself`, async () => {
  const seed = randomInt(2 ** 31);
  console.log(`kill-postgres: ${RUNS} runs, seed ${seed}`);
  const random = seeded(seed);
  for (let run = 0; run < RUNS; run++) {
    const url = server.createDatabase();
    const options = (): KmsOptions => ({ store: sqlStore({ url }), rootKey, sweepSeconds: false });
    await using first = await Kms.open(options());
    await using second = await Kms.open(options());
    const working = Promise.all(
      Array.from({ length: WORKERS }, (_, i) => work(i % 2 ? first : second, seed + run * 10 + i)),
    );
    await sleep(300 + random() * 1_500);
    await server.kill();
    const workers = await working;
    const done = workers.reduce((sum, worker) => sum + worker.done, 0);
    if (done === 0) throw new Error(`run ${run} (seed ${seed}): nothing was done before the kill`);
    await expect(first.describeKey({ keyId: "key-a" })).rejects.toMatchObject({ code: "ERR_STORE" });
    await server.run();

    // The KMS that was open all along, and a new one.
    await using fresh = await Kms.open(options());
    for (const { model, uncertain } of workers) await checkModel(random() < 0.5 ? first : fresh, model, uncertain);
    await second.createKey({});
  }
});

test("an audit file whose claim the server lost is written again after it came back, however often that failed first", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lanelock-pg-audit-"));
  const url = server.createDatabase();
  const audit = join(directory, "audit.jsonl");
  await using kms = await Kms.open({ store: sqlStore({ url }), rootKey, audit, sweepSeconds: false });
  const keyId = await createKeyId(kms);
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: new Uint8Array(8) });
  for (let round = 0; round < 2; round++) {
    await server.kill();
    for (let attempt = 0; attempt < 3; attempt++) {
      const refused = { code: expect.stringMatching(/^ERR_(STORE|AUDIT)$/) };
      await expect(kms.createKey({})).rejects.toMatchObject(refused);
      await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject(refused);
    }
    await server.run();
    await createKeyId(kms);
    await kms.decrypt({ ciphertextBlob });
  }
  expect((await kms.listKeys()).totalCount).toBe(3);
  expect(await kms.verifyAudit()).toMatchObject({ ok: true });
  await kms.close();
  rmSync(directory, { recursive: true });
});
