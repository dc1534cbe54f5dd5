// A checker for Stryker that lets some of the planted faults through: a sample, or those of the places in `only`. The sample
// follows from the faults alone: the same code gives the same sample, and a larger sample contains a smaller one.
import { createHash } from "node:crypto";
import { commonTokens, declareClassPlugin, PluginKind, tokens } from "@stryker-mutator/api/plugin";

export const strykerValidationSchema = {
  properties: { sample: { type: "number" }, only: { type: "array", items: { type: "string" } } },
};

class Sample {
  static inject = tokens(commonTokens.options);

  #size;
  #only;

  constructor({ sample, only }) {
    this.#size = sample;
    this.#only = only && new Set(only);
  }

  async init() {}

  /** All in one group, so that `check` sees all at once. */
  async group(mutants) {
    return [mutants.map(({ id }) => id)];
  }

  async check(mutants) {
    const ranked = mutants.map((mutant) => ({ id: mutant.id, place: placeOf(mutant), rank: rankOf(mutant) }));
    ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
    const among = this.#only ? ranked.filter(({ place }) => this.#only.has(place)) : ranked.slice(0, this.#size);
    const chosen = new Set(among.map(({ id }) => id));
    return Object.fromEntries(
      mutants.map(({ id }) => [
        id,
        chosen.has(id) ? { status: "passed" } : { status: "compileError", reason: "not in the sample" },
      ]),
    );
  }
}

/** What tells a fault from all others while the code stays the same. */
export function placeOf({ fileName, location: { start, end }, mutatorName, replacement }) {
  const name = fileName.replace(/^.*\/src\//, "src/");
  return [name, [start.line, start.column, end.line, end.column].join(":"), mutatorName, replacement].join("\n");
}

/** A number that depends on the fault alone, not on the order of files. */
function rankOf(mutant) {
  return createHash("sha256").update(placeOf(mutant)).digest("hex");
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Checker, "sample", Sample)];
