import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { engine } from "../../src/engine/load.ts";
import { projectRoot } from "../../test/constant-time/compile.ts";
import { controlCases } from "./control-cases.ts";
import { engineCases } from "./engine-cases.ts";
import { measure } from "./measure.ts";

const { values } = parseArgs({ options: { samples: { type: "string", default: "1000000" } } });
const samples = Number(values.samples);

/** dudect's bound: above it, it calls a function not constant-time. */
const BOUND = 10;

const environment = `Node ${process.version}, ${engine().build} build, ${cpus()[0]?.model}, ${samples} measurements a case`;
console.log(environment);
const rows: string[] = [];
for (const one of [...(await controlCases()), ...engineCases()]) {
  const { t, samples: counted } = measure(one, samples);
  const verdict = t > BOUND ? "told apart" : "not told apart";
  rows.push(`| ${one.control ? "control: " : ""}${one.name} | ${t.toFixed(1)} | ${counted} | ${verdict} |`);
  console.log(rows.at(-1));
}

const major = process.versions.node.split(".")[0];
const table = ["| | largest \\|t\\| | of measurements | fixed and random secret are |", "|---|---|---|---|", ...rows];
writeFileSync(join(projectRoot, `bench/timing/results/node-${major}.md`), [environment, "", ...table, ""].join("\n"));
