import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { scratchFolder } from "../../tokens/scratch-folder.ts";
import { tryLink, Visitor } from "./visitor.ts";

// The console of the built command.

const binary = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
const home = scratchFolder("console");
const env = { PATH: process.env.PATH ?? "", LANELOCK_HOME: home };
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
});

const lanelock = (...args: string[]) =>
  execFileSync(process.execPath, [binary, ...args], { env, encoding: "utf8", stdio: "pipe" });

test("--console prints a link after the address, and SIGHUP another; both work once, and are in the audit log", async () => {
  lanelock("init");
  const flags = ["serve", "--port", "0", "--console", "--console-port", "0", "--log-level", "silent"];
  const child = spawn(process.execPath, [binary, ...flags], { env, stdio: ["ignore", "pipe", "inherit"] });
  running.add(child);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  expect(await next()).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+$/);
  const first = await next();
  expect(first).toMatch(/^console http:\/\/127\.0\.0\.1:\d+\/console#[\w-]{43}$/);
  child.kill("SIGHUP");
  const second = await next();
  expect(second).not.toBe(first);
  for (const line of [first, second]) {
    const visitor = await Visitor.enter(line.replace("console ", ""));
    expect(await visitor.data("keys")).toMatchObject({ total: 0 });
    expect((await tryLink(line.replace("console ", ""))).seen.status).toBe(401);
  }
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  const events = readFileSync(join(home, "keys.db.audit.jsonl"), "utf8");
  expect(events.match(/OpenConsole/g)?.length).toBe(4);
  expect(events).not.toContain(first.split("#")[1]);
});

test("its settings are those of the file, the environment and the command line", () => {
  writeFileSync(join(home, "lanelock.json"), JSON.stringify({ serve: { console: true, consolePort: 9_000 } }), {
    mode: 0o600,
  });
  expect(JSON.parse(lanelock("serve", "--print-config")).serve).toEqual({ console: true, consolePort: 9_000 });
  const printed = execFileSync(process.execPath, [binary, "serve", "--print-config", "--console-port", "9001"], {
    env: { ...env, LANELOCK_SERVE_CONSOLE: "false" },
    encoding: "utf8",
  });
  expect(JSON.parse(printed).serve).toEqual({ console: false, consolePort: 9_001 });
  writeFileSync(join(home, "lanelock.json"), "{}", { mode: 0o600 });
  expect(() => lanelock("serve", "--console-port", "9000")).toThrow(/--console-port needs --console/);
});
