import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** What a test does that needs more than one process and the packages of `npm ci`. */
const outside = /"node:(child_process|worker_threads|cluster)"|"(playwright|puppeteer)-core"|"pg"|"\.\.\/.*dist\//;

/** Whether a module of test/, or one that it imports there, reaches outside. */
function reachesOutside(file: string, seen = new Set<string>()): boolean {
  if (seen.has(file) || !file.startsWith(folder) || !existsSync(file)) return false;
  seen.add(file);
  const text = readFileSync(file, "utf8");
  if (outside.test(text)) return true;
  const imports = [...text.matchAll(/from "(\.[^"]+)"/g)].map(([, path = ""]) => join(dirname(file), path));
  return imports.some((path) => reachesOutside(path, seen));
}

/**
 * The test files by kind, from the project's root. `system` tests start programs, browsers, tokens or database servers, or use
 * the built package; `unit` tests need nothing but `npm ci` and the generated engine.
 */
export function testFiles(): { readonly unit: string[]; readonly system: string[] } {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const tests = names.filter((name) => name.endsWith(".test.ts") && !name.includes("node_modules"));
  const system = tests.filter((name) => reachesOutside(join(folder, name)));
  const fromRoot = (files: readonly string[]) => files.map((name) => `test/${name}`);
  return { unit: fromRoot(tests.filter((name) => !system.includes(name))), system: fromRoot(system) };
}
