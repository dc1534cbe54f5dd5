// What `npm start`, `npm test` and `npm run bench` share: a fresh clone gets its dependencies and its build here.
// Plain Node, no dependency: this file runs before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs a command in the project's root, its output on ours; ends the process with its status when it fails. */
export function run(command, args, options = {}) {
  const { status, error, signal } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (error) throw error;
  if (status !== 0) {
    console.error(`${command} ${args.join(" ")} failed (${signal ?? `exit status ${status}`}).`);
    process.exit(status ?? 1);
  }
}

/** `npm ci` in `folder`, unless what the lock file asks for is installed already. */
export function installDependencies(folder = ".") {
  const installed = `${root}${folder}/node_modules/.package-lock.json`;
  const lock = `${root}${folder}/package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log(`Installing dependencies${folder === "." ? "" : ` of ${folder}`} …`);
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", folder]);
}

/** Dependencies and build: after this, `dist/` can be imported. With `frozen`, an engine that is not the one in
 * build/engine.lock.json is an error. */
export function prepare({ frozen = false } = {}) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`lanelock needs Node 20.19 or newer; this is ${process.version}.`);
    process.exit(1);
  }
  installDependencies();
  run(process.execPath, ["tools/build.mjs", ...(frozen ? ["--frozen"] : [])]);
}
