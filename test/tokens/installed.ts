import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Runs a tool of Debian's packages; what is missing is named with the script that installs it. */
export function runTool(command: string, parameters: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  if (error) throw new Error(`${command} is missing; run tools/debian-parts.sh`, { cause: error });
  if (status !== 0) throw new Error(`${command} ${parameters.join(" ")} failed: ${stderr}`);
  return stdout;
}

/** The first of the places where a library may be. */
export function libraryAt(...places: readonly string[]): string {
  const place = places.find((path) => existsSync(path));
  if (place === undefined) throw new Error(`None of ${places.join(", ")} is there; run tools/debian-parts.sh`);
  return place;
}
