// Builds the addon, runs the program under valgrind, and reads what valgrind wrote.
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import binaryen from "binaryen";
import { buildSync } from "esbuild";
import { projectRoot } from "../../constant-time/compile.ts";
import type { EngineRun } from "./engine-cases.ts";
import type { Orders } from "./program.ts";
import type { Watched } from "./watch.ts";

const here = join(projectRoot, "test/proof/machine");

/** What is not there of what this needs: a name of a package, or of the machine. */
export function missingParts(): string[] {
  const has = (program: string) =>
    (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, program)));
  return [
    ...(process.platform === "linux" && process.arch === "x64" ? [] : ["Linux on x86-64"]),
    ...(has("valgrind") ? [] : ["valgrind"]),
    ...(has("gcc") ? [] : ["gcc"]),
    ...(existsSync("/usr/include/valgrind/memcheck.h") ? [] : ["valgrind/memcheck.h"]),
  ];
}

/**
 * Against the headers that come with the Node that loads it, as node-gyp would; some packages of Node have none, and Node-API is
 * the same in every Node. The compiler is all that it takes: node-gyp would bring make and Python to write the same two commands.
 */
function buildAddon(folder: string, node: string): string {
  const out = join(folder, "memcheck.node");
  const own = join(dirname(realpathSync(node)), "../include/node");
  const headers = existsSync(join(own, "node_api.h"))
    ? own
    : join(projectRoot, "node_modules/node-api-headers/include");
  execFileSync("gcc", [
    "-O1",
    "-shared",
    "-fPIC",
    "-Wall",
    "-Werror",
    "-I",
    headers,
    join(here, "memcheck.c"),
    "-o",
    out,
  ]);
  return out;
}

/** The control in WebAssembly. */
function buildControl(folder: string): string {
  const module = binaryen.parseText(`(module
    (memory (export "memory") 1)
    (func (export "lookUp") (result i32) (i32.load8_u offset=256 (i32.load8_u (i32.const 3))))
    (func (export "compareEarly") (result i32) (local $i i32)
      (loop $next
        (if (i32.ne (i32.load8_u (local.get $i)) (i32.load8_u offset=16 (local.get $i))) (then (return (i32.const 0))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 16))))
      (i32.const 1)))`);
  const out = join(folder, "control.wasm");
  writeFileSync(out, module.emitBinary());
  module.dispose();
  return out;
}

function bundle(folder: string): string {
  const outfile = join(folder, "program.mjs");
  buildSync({
    absWorkingDir: projectRoot,
    entryPoints: [join(here, "program.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outfile,
    logLevel: "error",
  });
  return outfile;
}

/** One report of memcheck, with the name of the function that it is in. */
export interface Report {
  readonly during: string;
  readonly what: string;
  readonly function: string;
}

/** The names of what V8 compiled, by address: what `--perf-basic-prof` writes. */
function symbols(map: string): (address: number) => string | undefined {
  const entries = map
    .split("\n")
    .map((line) => /^(?:0x)?([0-9a-f]+) (?:0x)?([0-9a-f]+) (.+)$/i.exec(line))
    .flatMap((found) =>
      found ? [{ start: Number.parseInt(found[1]!, 16), size: Number.parseInt(found[2]!, 16), name: found[3]! }] : [],
    );
  // What was compiled last at an address counts.
  return (address) => entries.findLast(({ start, size }) => address >= start && address < start + size)?.name;
}

function reportsOf(log: string, nameAt: (address: number) => string | undefined): Report[] {
  let during = "";
  return log.split(/^==\d+== *$/m).flatMap((part) => {
    const reports: Report[] = [];
    let what = "";
    for (const line of part.split("\n").map((text) => text.replace(/^(==|\*\*)\d+(==|\*\*) /, ""))) {
      const frame = /^ +(?:at|by) 0x([0-9A-F]+): (.*)$/.exec(line);
      if (line.startsWith("note: ")) during = line.slice(6);
      else if (line.includes("uninitialised")) what = line.trim();
      else if (frame && what !== "") {
        const name = frame[2] === "???" ? nameAt(Number.parseInt(frame[1]!, 16)) : frame[2];
        reports.push({ during, what, function: name ?? "code without a name" });
        what = "";
      }
    }
    return reports;
  });
}

export interface Outcome {
  readonly results: readonly Watched[];
  readonly reports: readonly Report[];
  /** The names of all that V8 compiled. */
  readonly compiled: string;
}

/** V8's and Node's own code in C++, its collector's too, which takes values on the stack for pointers, looks at values for its own ends: its reports are not of compiled code. */
const suppressions = ["Cond", "Value8", "Value4"]
  .flatMap((kind) =>
    ["_ZN2v8*", "_ZN4node*", "_ZNK2v8*", "_ZN5cppgc*", "_ZNK5cppgc*", "_ZN4heap4base*"].map((name) => ({ kind, name })),
  )
  .map(({ kind, name }) => `{\n  ${name} ${kind}\n  Memcheck:${kind}\n  fun:${name}\n}\n`)
  .join("");

export interface Run {
  readonly node: string;
  readonly flags: readonly string[];
  readonly engines: readonly EngineRun[];
  readonly warmUp: number;
}

export async function runUnderValgrind({ node, flags, engines, warmUp }: Run): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "lanelock-valgrind-"));
  const file = (name: string) => join(folder, name);
  const orders: Orders = {
    addon: buildAddon(folder, node),
    results: file("results.json"),
    control: buildControl(folder),
    engines,
    warmUp,
  };
  try {
    writeFileSync(file("orders.json"), JSON.stringify(orders));
    writeFileSync(file("suppressions"), suppressions);
    const valgrind = [
      "--smc-check=all-non-file",
      "--error-limit=no",
      "-q",
      "--num-callers=4",
      "--expensive-definedness-checks=yes",
    ];
    const files = [`--log-file=${file("log")}`, `--suppressions=${file("suppressions")}`];
    const program = [node, "--perf-basic-prof", ...flags, bundle(folder), file("orders.json")];
    // Not where the tests run: V8 writes its map of symbols to /tmp, or to where it is started.
    const running = promisify(execFile)("valgrind", [...valgrind, ...files, ...program], {
      cwd: folder,
      maxBuffer: 2 ** 26,
    });
    await running;
    const log = readFileSync(file("log"), "utf8");
    const map = `/tmp/perf-${running.child.pid}.map`;
    if (!existsSync(map))
      throw new Error(`V8 wrote no ${map}: without it no report has a name. Did something clean /tmp?`);
    const compiled = readFileSync(map, "utf8");
    rmSync(map, { force: true });
    const results = JSON.parse(readFileSync(orders.results, "utf8")) as (Watched & { allowed: number | null })[];
    return {
      // JSON has no infinity.
      results: results.map((each) => ({ ...each, allowed: each.allowed ?? Number.POSITIVE_INFINITY })),
      reports: reportsOf(log, symbols(compiled)),
      compiled,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The parts of a build, as the program finds them. */
export const partsOf = (names: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(names).map(([as, name]) => [as, join(dirname(here), "../../build", name)]));
