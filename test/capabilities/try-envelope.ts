import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { bundleForBrowser } from "../package/bundle.ts";

/** For each setting of `envelope-program.mjs`: what became of 100 bytes, of 2 MiB, and of 100 bytes again. */
export type Outcome = Readonly<Record<string, readonly string[]>>;

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Every Node that is here: the one that runs the tests, and those of `test/nodes`. */
export const nodes = [
  process.execPath,
  ...[22, 24, 26].map((major) => `${root}test/nodes/node_modules/node${major}/bin/node`),
]
  .filter((path) => existsSync(path))
  .map((path) => ({ path, version: spawnSync(path, ["--version"], { encoding: "utf8" }).stdout.trim() }));

export interface NodeRun {
  readonly node?: string;
  readonly flags?: readonly string[];
  /** Run before anything is imported. */
  readonly before?: string;
  /** KiB of address space, by `ulimit -v`. */
  readonly addressSpace?: number;
}

/** Runs a module in a process of Node, in the project's folder. */
export function runNode(code: string, { node = process.execPath, flags = [], addressSpace }: NodeRun = {}): string {
  const limit = addressSpace === undefined ? "" : `ulimit -v ${addressSpace}; `;
  const args = [...flags, "--input-type=module", "-e", code];
  const { status, stdout, stderr } = spawnSync("sh", ["-c", `${limit}exec "$0" "$@"`, node, ...args], {
    cwd: root,
    encoding: "utf8",
    timeout: 300_000,
  });
  if (status !== 0) throw new Error(`${node} ${flags.join(" ")} ended with ${status}: ${stderr}${stdout}`);
  return stdout;
}

/** What an envelope does in a process of Node. */
export function tryInNode(run: NodeRun = {}): Outcome {
  const output = runNode(
    `${run.before ?? ""}
    const { envelope } = await import("lanelock/envelope");
    const { tryEnvelope } = await import("./test/capabilities/envelope-program.mjs");
    console.log(JSON.stringify(await tryEnvelope(envelope)));`,
    run,
  );
  return JSON.parse(output) as Outcome;
}

/** The built package and the program in one script, which sets `outcome` to a promise. */
export async function scriptForPage(): Promise<string> {
  const { text } = await bundleForBrowser("test/capabilities/in-a-page.mjs", { format: "iife", tsconfigRaw: "{}" });
  return text;
}

const OK = "ok ERR_AUTHENTICATION";
const all = (what: unknown) => [what, what, what];
export const works = all(OK);
export const refused = (code: string, message = "") => all(expect.stringMatching(new RegExp(`^${code}: .*${message}`)));
/** Only the long message needs threads. */
export const longRefused = (code: string, message: string) => [OK, refused(code, message)[0], OK];
