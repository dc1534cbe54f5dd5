import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { withTables } from "../../tools/measured-tables.mjs";
import { Examples } from "./examples.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

test("README has at most 120 lines, and begins with how to install the package", () => {
  expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(120);
  expect(/^ {4}.*/m.exec(readme)?.[0]).toBe("    npm install lanelock");
});

test("the examples of README run as they stand there: the JavaScript, the command, the TypeScript", () => {
  const examples = new Examples("README.md", { places: {} });
  expect([examples.count("js"), examples.count("sh"), examples.count("ts")]).toEqual([1, 1, 1]);
  const orders = Buffer.alloc(300_000, 7);
  writeFileSync(join(examples.folder, "orders.txt"), orders);
  expect(examples.runScript(0)).toBe("twelve tulips\n");
  const sealed = readFileSync(join(examples.folder, "orders.sealed"));
  expect([sealed.length, sealed.includes(orders.subarray(0, 16))]).toEqual([orders.length + 16, false]);
  examples.runCommands(0);
  expect(readdirSync(examples.folder)).toEqual(expect.arrayContaining(["keys.db", "root.key"]));
  expect(examples.runProgram(0)).toBe("twelve tulips, twelve tulips\n");
});

test("the measured tables are those of bench/results", () => {
  for (const { file, text } of withTables()) expect(readFileSync(join(root, file), "utf8"), file).toBe(text);
});

/** Every Markdown page of the project's own. */
const pages = ["", "docs", "bench", "bench/timing", "build", "test", "packages/lanelock-cli"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);

function linksOf(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8").replace(/^```.*?^```/gms, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

/** The name that GitHub gives to a heading. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(join(root, page), "utf8").matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** What is wrong with a link, if anything. `exists` judges paths from the project's root. */
function fault(page: string, link: string, exists: (path: string) => boolean): string | undefined {
  if (/^(https?|mailto):/.test(link)) return undefined;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : relative(root, join(root, dirname(page), path));
  if (!exists(target)) return `${page}: ${link}`;
  if (anchor !== undefined && !anchorsOf(target).includes(anchor)) return `${page}: ${link} has no such heading`;
  return undefined;
}

const isThere = (path: string) => existsSync(join(root, path));

test("no page has a dead link", () => {
  expect(pages.length).toBeGreaterThan(10);
  const faults = pages.flatMap((page) => linksOf(page).map((link) => fault(page, link, isThere)));
  expect(faults.length).toBeGreaterThan(20);
  expect(faults.filter((one) => one !== undefined)).toEqual([]);
});

test("no page of the packed package has a dead link", () => {
  const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: string[] };
  // npm packs these whatever `files` says.
  const packed = [...files, "README.md", "LICENSE", "package.json"];
  const isPacked = (path: string) => isThere(path) && packed.some((one) => path === one || path.startsWith(`${one}/`));
  const inPackage = pages.filter(isPacked);
  expect(inPackage).toEqual(expect.arrayContaining(["README.md", "SECURITY.md", "docs/architecture.md"]));
  const faults = inPackage.flatMap((page) => linksOf(page).map((link) => fault(page, link, isPacked)));
  expect(faults.filter((one) => one !== undefined)).toEqual([]);
});

test("the checks of links find a dead one, and a heading that is not there", () => {
  expect(fault("README.md", "docs/nothing.md", isThere)).toBeDefined();
  expect(fault("docs/kms.md", "../README.md#nothing", isThere)).toBeDefined();
  expect(fault("docs/kms.md", "../README.md#install", isThere)).toBeUndefined();
});

test("every entry of the package is in README's table of what to install, or in a link's page", () => {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: object };
  const names = Object.keys(exports)
    .filter((name) => !/\.(json|wasm)$/.test(name))
    .map((name) => name.replace(/^\./, "lanelock"));
  const documents = pages
    .filter((page) => !page.includes("bench"))
    .map((page) => readFileSync(join(root, page), "utf8"));
  const unnamed = names.filter((name) => !documents.some((text) => text.includes(`\`${name}\``)));
  expect(unnamed).toEqual([]);
});
