import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A folder of this test file, removed when its tests have ended. */
export function scratchFolder(purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), `lanelock-${purpose}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
