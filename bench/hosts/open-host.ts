import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { type BrowserName, browserNames, launchBrowser } from "../../test/browser/browsers.ts";
import { startServer } from "../../test/browser/server.ts";

/** Where the benchmark runs, other than in Node. */
export interface Host {
  readonly title: string;
  /** The build of the engine that it takes. */
  readonly build: string;
  /** The value of an expression, or what its promise resolves to. */
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

/** The benchmark in one script. `lanelock` in it is the built package. */
async function script(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: process.cwd(),
    entryPoints: ["bench/hosts/in-a-host.ts"],
    ...{ bundle: true, format: "iife", platform: "browser", target: "es2022", write: false, tsconfigRaw: "{}" },
  });
  return outputFiles[0]?.text ?? "";
}

async function openBrowser(name: BrowserName): Promise<Host> {
  const { server, origin } = await startServer(new Map([["/bench.js", await script()]]));
  const browser = await launchBrowser(name);
  const policy = "'self' 'wasm-unsafe-eval'";
  const tab = await browser.open(`${origin}/page?${new URLSearchParams({ policy, script: "/bench.js" })}`);
  await tab.waitFor("'benchmark' in globalThis");
  return {
    title: `${name === "firefox" ? "Firefox" : "Chromium"} ${browser.version}`,
    build: String(await tab.evaluate("benchmark.build()")),
    evaluate: (expression) => tab.evaluate(expression),
    async close() {
      await browser.close();
      server.close();
    },
  };
}

/** jsc reads one expression a line, and answers with one line of JSON. */
async function openShell(): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), "lanelock-bench-"));
  const file = join(folder, "bench.js");
  const serve = `(async () => {
    for (let line = readline(); line; line = readline()) print(JSON.stringify(await eval(line)));
  })().catch((error) => { print(JSON.stringify({ failure: String(error) })); quit(1); });`;
  writeFileSync(file, `${await script()}\n${serve}`);
  const shell = spawn("/usr/bin/jsc", [file], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  const evaluate = async (expression: string): Promise<unknown> => {
    shell.stdin.write(`${expression}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error("jsc has ended");
    const answer: unknown = JSON.parse(value);
    if (typeof answer === "object" && answer !== null && "failure" in answer) throw new Error(String(answer.failure));
    return answer;
  };
  return {
    title: "JavaScriptCore",
    build: String(await evaluate("benchmark.build()")),
    evaluate,
    async close() {
      shell.stdin.end("\n");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts Debian's `chromium`, `firefox` or `jsc` with the benchmark in it. */
export function openHost(name: string): Promise<Host> {
  const browser = browserNames.find((known) => known === name);
  if (browser) return openBrowser(browser);
  if (name === "jsc") return openShell();
  throw new Error(`--browser takes ${[...browserNames, "jsc"].join(", ")}, not ${name}`);
}
