// Loaded into a process with --import: at its end it writes the most memory it had, in KiB, to the file that PEAK_MEMORY_FILE names.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const status = "/proc/self/status";

process.on("exit", () => {
  const file = process.env.PEAK_MEMORY_FILE;
  if (file === undefined) return;
  // Linux counts the memory of the process that started this one towards maxRSS, but not towards VmHWM.
  const counted = existsSync(status) && /VmHWM:\s+(\d+) kB/.exec(readFileSync(status, "utf8"))?.[1];
  writeFileSync(file, String(counted || process.resourceUsage().maxRSS));
});
