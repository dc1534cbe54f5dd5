// A checker for Stryker that lets a sample of the planted faults through. The sample follows from the faults alone: the same code
// gives the same sample, and a larger sample contains a smaller one.
import { createHash } from "node:crypto";
import { commonTokens, declareClassPlugin, PluginKind, tokens } from "@stryker-mutator/api/plugin";

export const strykerValidationSchema = { properties: { sample: { type: "number" } } };

class Sample {
  static inject = tokens(commonTokens.options);

  #size;

  constructor({ sample }) {
    this.#size = sample;
  }

  async init() {}

  /** All in one group, so that `check` sees all at once. */
  async group(mutants) {
    return [mutants.map(({ id }) => id)];
  }

  async check(mutants) {
    const ranked = mutants.map((mutant) => ({ id: mutant.id, rank: rankOf(mutant) }));
    ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
    const chosen = new Set(ranked.slice(0, this.#size).map(({ id }) => id));
    return Object.fromEntries(
      mutants.map(({ id }) => [
        id,
        chosen.has(id) ? { status: "passed" } : { status: "compileError", reason: "not in the sample" },
      ]),
    );
  }
}

/** A number that depends on the fault and the text of its line's place, not on the order of files. */
function rankOf({ fileName, location: { start, end }, mutatorName, replacement }) {
  const name = fileName.replace(/^.*\/src\//, "src/");
  const place = [start.line, start.column, end.line, end.column].join(":");
  return createHash("sha256").update([name, place, mutatorName, replacement].join("\n")).digest("hex");
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Checker, "sample", Sample)];
