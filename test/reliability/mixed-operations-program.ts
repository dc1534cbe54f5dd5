import { writeSync } from "node:fs";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { apply, emptyModel, nextStep, seeded } from "./mixed-operations.ts";

/**
 * `program PATH SEED COUNT ROOT`: runs operations on a SQLite store, and tells before each what it touches and after each what was
 * acknowledged, a JSON line each, written before anything else happens.
 */
const [path = "", seed = "", count = "", rootKey = ""] = process.argv.slice(2);
const tell = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`);

const random = seeded(Number(seed));
const model = emptyModel();
const start = Date.now();
let days = 0;
const kms = await Kms.open({
  store: sqlStore({ path }),
  rootKey: Buffer.from(rootKey, "hex"),
  sweepSeconds: false,
  clock: () => new Date(start + days * 86_400_000),
});
tell({ opened: true });
const travel = (more: number) => {
  days += more;
};
for (let i = 0; i < Number(count); i++) {
  const step = nextStep(model, random, travel);
  tell({ begin: { ...step.touches, days: days + (step.days ?? 0) } });
  const change = await step.run(kms);
  if (change) apply(model, change);
  tell({ done: change ?? null });
}
await kms.close();
tell({ closed: true });
