// What `npm start`, `npm test` and `npm run bench` share: a fresh clone gets its dependencies and its build here.
// Plain Node, no dependency: this file runs before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
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

/** Whether node_modules has what the lock file asks for. What is optional may be for another platform. */
function isInstalled(folder) {
  const packagesOf = (file) => Object.entries(JSON.parse(readFileSync(`${root}${folder}/${file}`, "utf8")).packages);
  if (!existsSync(`${root}${folder}/node_modules/.package-lock.json`)) return false;
  const installed = new Map(packagesOf("node_modules/.package-lock.json"));
  return packagesOf("package-lock.json").every(([path, { version, optional }]) => {
    return path === "" || optional || installed.get(path)?.version === version;
  });
}

/** `npm ci` in `folder`, unless what the lock file asks for is installed already. */
export function installDependencies(folder = ".") {
  if (isInstalled(folder)) return;
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
