import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installDependencies } from "../../tools/setup.mjs";
import { launchBrowser, type TestBrowser } from "../browser/browsers.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { pack } from "./packed.ts";
import { Project } from "./project.ts";
import { serveFolder } from "./serve-folder.ts";

// The recipes of docs/browser.md, word for word: its files and its commands, in a project that has lanelock installed, and what
// they make in Chromium under the policy that stands there.

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/browser.md"), "utf8");
const policy = /policy is `(script-src [^`]+)`/.exec(page)?.[1] ?? "";
const long = process.env.LANELOCK_LONG === "1";

/** The file of the page whose first line names it. */
function fileOf(name: string): string {
  const found = [...page.matchAll(/^```\w+\n(?:\/\/|<!--) (\S+).*\n([\s\S]*?)^```/gm)].find(
    ([, title]) => title === name,
  );
  return found?.[2] ?? expect.fail(`docs/browser.md has no ${name}`);
}

/** A bundler's command, split at its spaces. */
function commandOf(bundler: string): [program: string, ...parameters: string[]] {
  const [, command = ""] = new RegExp(`^\\| ${bundler}[^|]*\\| \`([^\`]+)\``, "m").exec(page) ?? [];
  const [program = expect.fail(`docs/browser.md has no command of ${bundler}`), ...parameters] = command.split(" ");
  return [program, ...parameters];
}

const scratch = scratchFolder("worker-bundles");
const installed = new Project(join(scratch, "app"));
let tarball: string;
let browser: TestBrowser;
beforeAll(async () => {
  tarball = pack(scratch).lanelock;
  installed.install([tarball]);
  browser = await launchBrowser("chromium");
});
afterAll(() => browser?.close());

/** A project with the page's files, unless given in a folder of the one that has lanelock installed. */
function projectFor(name: string, within = installed.folder): Project {
  const project = new Project(join(within, name));
  for (const file of ["index.html", "main.js", "sealer.js"]) project.write(file, fileOf(file));
  return project;
}

/** The environment in which the bundlers of a folder are on the path. */
const withTools = (folder: string) => ({
  ...process.env,
  PATH: [join(root, folder, "node_modules/.bin"), join(root, "node_modules/.bin"), process.env.PATH].join(delimiter),
});

async function expectOpened(url: string): Promise<void> {
  const tab = await browser.open(url);
  await tab.waitFor("document.title !== ''");
  expect(await tab.evaluate("document.title")).toBe("opened 3000000 bytes");
  await tab.close();
}

/** The policy, with the hashes of the scripts that stand in a page: of import maps, for instance. */
function policyFor(html: string): string {
  const inline = [...html.matchAll(/<script(?: type="?(?:importmap|module)"?)?>([\s\S]*?)<\/script>/g)];
  const hashes = inline.map(([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`);
  return policy.replace("script-src", ["script-src", ...hashes].join(" "));
}

/** Serves a folder, and looks at a page of it. `inline` is how many scripts stand in the page itself. */
async function expectServed(folder: string, { name = "index.html", inline = 0 } = {}): Promise<void> {
  const header = policyFor(readFileSync(join(folder, name), "utf8"));
  expect(header.split("'sha256-").length - 1).toBe(inline);
  const served = await serveFolder(folder, header);
  try {
    await expectOpened(`${served.origin}/${name}`);
  } finally {
    served.close();
  }
}

/** Runs a bundler's command in its project. */
function bundle(project: Project, bundler: string, tools = "test/package/tools"): string {
  const [program, ...parameters] = commandOf(bundler);
  // Its plugins are looked for from the project.
  if (bundler === "Rollup") {
    const plugin = "@rollup/plugin-node-resolve";
    project.write("node_modules/@rollup/README.md", "");
    symlinkSync(join(root, tools, "node_modules", plugin), join(project.folder, "node_modules", plugin));
  }
  execFileSync(program, parameters, { cwd: project.folder, env: withTools(tools), stdio: "pipe" });
  return join(project.folder, "out");
}

test.each(["esbuild", "Rollup", "webpack"])(
  "%s bundles the page's worker, which seals on threads of its own",
  async (bundler) => {
    const project = projectFor(bundler);
    const out = bundle(project, bundler);
    copyFileSync(join(project.folder, "index.html"), join(out, "index.html"));
    await expectServed(out);
  },
);

test("Vite bundles it, and serves it while it is written", async () => {
  const project = projectFor("Vite");
  await expectServed(bundle(project, "Vite"));
  const { stop, url } = await startVite(project);
  try {
    await expectOpened(url);
  } finally {
    stop();
  }
});

/** Vite's own server, at a port that is free. */
async function startVite(project: Project): Promise<{ url: string; stop(): void }> {
  const options = ["--host", "127.0.0.1", "--port", "0", "--clearScreen", "false"];
  const server = spawn("vite", options, {
    cwd: project.folder,
    env: { ...withTools("test/package/tools"), NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+\//.exec(line) ?? [];
    if (url) return { url, stop: () => server.kill() };
  }
  throw new Error("vite ended without an address");
}

test("an import map does without a bundler", async () => {
  installed.write("import-map.html", fileOf("import-map.html"));
  await expectServed(installed.folder, { name: "import-map.html", inline: 2 });
});

if (long) {
  test("Parcel bundles it, with its two settings", async () => {
    installDependencies("test/package/parcel");
    // It takes settings from the folder that has a lock file.
    const project = projectFor("Parcel", scratch);
    project.install([tarball]);
    const setting = /^```json\n([\s\S]*?)^```/m.exec(page)?.[1] ?? "";
    const described = JSON.parse(readFileSync(join(project.folder, "package.json"), "utf8"));
    writeFileSync(join(project.folder, "package.json"), JSON.stringify({ ...described, ...JSON.parse(setting) }));
    await expectServed(bundle(project, "Parcel", "test/package/parcel"), { inline: 1 });
  });
}
