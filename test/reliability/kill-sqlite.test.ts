import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rootKey } from "../kms/open-kms.ts";
import { BundledProgram } from "./bundled-process.ts";
import { checkModel } from "./check-model.ts";
import { apply, type Change, emptyModel, seeded, type Touches } from "./mixed-operations.ts";

const LONG = process.env.LANELOCK_LONG === "1";
const RUNS = LONG ? 20 : 2;
const OPERATIONS = LONG ? 500 : 250;

let program: BundledProgram;
beforeAll(() => {
  program = new BundledProgram("test/reliability/mixed-operations-program.ts");
});
afterAll(() => program.dispose());

interface Report {
  readonly begin?: Touches & { readonly days: number };
  readonly done?: Change | null;
}

function read(lines: readonly string[]) {
  const model = emptyModel();
  let inFlight: (Touches & { days: number }) | undefined;
  let done = 0;
  for (const line of lines) {
    const report: Report = JSON.parse(line);
    if (report.begin) inFlight = report.begin;
    if (report.done === undefined) continue;
    inFlight = undefined;
    done++;
    if (report.done) apply(model, report.done);
  }
  const uncertain = inFlight ?? { keyIds: [], aliases: [], days: 0 };
  return { model, uncertain, done };
}

test(`kill -9 at ${RUNS} random moments of ${OPERATIONS} mixed operations: everything acknowledged is there`, async () => {
  const seed = randomInt(2 ** 31);
  console.log(`kill-sqlite: ${RUNS} runs, seed ${seed}`);
  const random = seeded(seed);
  let killed = 0;
  for (let run = 0; run < RUNS; run++) {
    const directory = mkdtempSync(join(tmpdir(), "lanelock-kill-"));
    const path = join(directory, "keys.db");
    const child = program.start([path, String(seed + run), String(OPERATIONS), Buffer.from(rootKey).toString("hex")]);
    // A random operation, and a random moment within it.
    await child.wrote(2 + Math.floor(random() * OPERATIONS * 2));
    await sleep(random() * 4);
    await child.kill();
    const { model, uncertain, done } = read(child.lines);
    if (done === 0) throw new Error(`run ${run} (seed ${seed}): the child did nothing. ${child.errors}`);
    if (done < OPERATIONS) killed++;

    const days = Math.max(model.days, uncertain.days);
    const clock = () => new Date(Date.now() + days * 86_400_000);
    await using kms = await Kms.open({ store: sqlStore({ path }), rootKey, clock, sweepSeconds: false });
    await checkModel(kms, model, uncertain);
    expect(await kms.verifyAudit(), `seed ${seed}, run ${run}`).toMatchObject({ ok: true });
    await kms.close();
    rmSync(directory, { recursive: true });
  }
  expect(killed).toBeGreaterThan(0);
});
