import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PRAGMAS } from "../../src/stores/sql/sqlite-engine.ts";
import { BundledProgram } from "../reliability/bundled-process.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";

const folder = scratchFolder("durability");
let program: BundledProgram;

beforeAll(() => {
  program = new BundledProgram(fileURLToPath(new URL("durability-program.ts", import.meta.url)));
});
afterAll(() => program.dispose());

test("a connection that ran the store's pragmas syncs every commit, zeroes what it deletes and checks cells", () => {
  const database = new Database(join(folder, "pragmas.db"));
  for (const pragma of PRAGMAS) database.exec(`pragma ${pragma}`);
  const value = (name: string) => Object.values(database.prepare(`pragma ${name}`).get([]) as object)[0];
  expect(value("journal_mode")).toBe("wal");
  // 2 is FULL: in a write-ahead log NORMAL (1) syncs only at checkpoints.
  expect(value("synchronous")).toBe(2);
  expect(value("secure_delete")).toBe(1);
  expect(value("cell_size_check")).toBe(1);
  database.close();
});

/** Syncs of the database's log that the program needs for as many writes. */
async function syncsFor(writes: number): Promise<number> {
  const trace = join(folder, `trace-${writes}`);
  const prefix = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", trace];
  const run = program.start([join(folder, `${writes}.db`), `${writes}`], { prefix });
  expect([await run.ended(), run.lines]).toEqual([0, [`wrote ${writes}`]]);
  return readFileSync(trace, "utf8")
    .split("\n")
    .filter((line) => /f(data)?sync\(\d+<[^>]*-wal>/.test(line)).length;
}

test("each acknowledged write is synced to disk: the kernel sees one sync of the log for each, at least", async () => {
  const [few, many] = [await syncsFor(2), await syncsFor(22)];
  expect(many - few).toBeGreaterThanOrEqual(20);
});
