import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** In a test file when its tests have ended, in a plain process (a benchmark) when that ends. */
const atTheEnd: (cleanUp: () => void) => void = process.env.VITEST
  ? (await import("vitest")).afterAll
  : (cleanUp) => process.on("exit", cleanUp);

/** A folder that is removed in the end. */
export function scratchFolder(purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), `lanelock-${purpose}-`));
  atTheEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
