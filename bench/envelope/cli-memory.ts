import { spawnSync } from "node:child_process";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const GIB = 2 ** 30;
const binary = "dist/cli/main.js";
const preload = "./test/cli/report-peak-memory.mjs";

/** Runs the CLI and gives the most memory it had, in MiB, as the kernel counted it. */
function peakMemory(folder: string, parameters: readonly string[]): number {
  const PEAK_MEMORY_FILE = join(folder, "peak");
  const env = { ...process.env, LANELOCK_HOME: join(folder, "home"), PEAK_MEMORY_FILE };
  const { status, stderr } = spawnSync(process.execPath, ["--import", preload, binary, ...parameters], {
    env,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`lanelock ${parameters.join(" ")}: ${stderr}`);
  return Number(readFileSync(PEAK_MEMORY_FILE, "utf8")) / 1_024;
}

/** The most memory, in MiB, that `lanelock seal` or `lanelock open` takes for 1 GiB. */
export async function peakMemoryOfCli(command: "seal" | "open", folder: string): Promise<number> {
  const [plain, sealed] = [join(folder, "gib"), join(folder, "gib.sealed")];
  if (command === "open") return peakMemory(folder, ["open", "--in", sealed, "--out", "/dev/null"]);
  writeFileSync(plain, "");
  truncateSync(plain, GIB);
  peakMemory(folder, ["init"]);
  peakMemory(folder, ["keys", "create", "--alias", "alias/bench"]);
  return peakMemory(folder, ["seal", "--key", "alias/bench", "--in", plain, "--out", sealed]);
}
