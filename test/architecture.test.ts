import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const src = fileURLToPath(new URL("../src/", import.meta.url));

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

interface Import {
  readonly from: string;
  /** Within src, or the name of a package. */
  readonly to: string;
}

/** Every import, export … from and import() of a file. */
function importsOf(file: string): Import[] {
  const code = readFileSync(join(src, file), "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "")
    .replace(/\btypeof import\(/g, "");
  const found = code.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+)"([^"]+)"/g);
  return [...found].map(([, target = ""]) => ({
    from: file,
    to: target.startsWith(".") ? relative(src, join(src, dirname(file), target)) : target,
  }));
}

const imports = files.flatMap(importsOf);

/** The part of the project a file belongs to: its folder, or its two first folders for a provider. */
function partOf(path: string): string {
  const [first = "", second = "", third] = path.split("/");
  if (first === "providers" && third !== undefined) return `providers/${second}`;
  return path.includes("/") ? first : "root";
}

/** What each part may import of the others, besides itself. `ports` are `kms/ports/` and `kms/errors.ts`. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  root: ["ciphers", "engine"],
  engine: ["root"],
  ciphers: ["root", "engine"],
  asymmetric: ["root", "ports"],
  kms: ["root"],
  stores: ["root", "ports"],
  providers: ["root"],
  "providers/software": ["root", "ports", "asymmetric", "ciphers", "providers"],
  "providers/pkcs11": ["root", "ports", "asymmetric", "ciphers", "providers"],
  "providers/external": ["root", "ports", "providers"],
  "external-proxy": ["root", "ports", "providers", "providers/pkcs11", "providers/external"],
  envelope: ["root", "ports", "kms", "ciphers", "engine"],
  server: ["root", "kms", "ports", "envelope", "stores"],
  cli: [
    "root",
    "kms",
    "ports",
    "envelope",
    "stores",
    "providers/pkcs11",
    "providers/external",
    "external-proxy",
    "server",
  ],
};

/** The files where parts are put together, and what each alone may import. */
const COMPOSITION: Readonly<Record<string, readonly string[]>> = {
  "kms/built-in.ts": ["providers/software"],
};

function targetPart(to: string): string {
  return to.startsWith("kms/ports/") || to === "kms/errors.ts" ? "ports" : partOf(to);
}

const inside = (to: string) => files.includes(to);

test("every import goes the one way, from the surface to the engine", () => {
  expect(imports.filter(({ to }) => inside(to)).length).toBeGreaterThan(200);
  const wrong = imports
    .filter(({ to }) => inside(to))
    .filter(({ from, to }) => {
      const source = partOf(from);
      const allowed = [...(MAY[source] ?? []), ...(COMPOSITION[from] ?? [])];
      return source !== partOf(to) && !allowed.includes(targetPart(to));
    })
    .map(({ from, to }) => `${from} → ${to}`);
  expect(wrong).toEqual([]);
});

test("every relative import names a file there is", () => {
  const dangling = imports.filter(({ to }) => to.endsWith(".ts") && !inside(to) && !to.endsWith(".generated.ts"));
  expect(dangling).toEqual([]);
});

test("kms/ imports no cipher, no package but hashes, and nothing of Node", () => {
  const packages = imports.filter(({ from, to }) => partOf(from) === "kms" && !to.endsWith(".ts")).map(({ to }) => to);
  expect(packages.every((name) => name.startsWith("@noble/hashes/"))).toBe(true);
  expect(packages.length).toBeGreaterThan(0);
});

test("the parts that browsers run import neither Node nor an optional package", () => {
  const browser = new Set(["root", "engine", "ciphers", "kms"]);
  const found = imports
    .filter(({ from, to }) => browser.has(partOf(from)) && !to.endsWith(".ts"))
    .filter(({ to }) => !/^@noble\/(hashes|curves)\//.test(to));
  expect(found.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

test("no cycle joins two parts", () => {
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    if (!inside(to) || from in COMPOSITION) continue;
    const [source, target] = [partOf(from), targetPart(to)];
    // The package's entry points stand at the root and import their part; errors.ts stands there for all.
    if (source === target || source === "root" || target === "root" || target === "ports") continue;
    edges.set(source, (edges.get(source) ?? new Set()).add(target));
  }
  const reaches = (start: string, seen = new Set<string>()): Set<string> => {
    for (const next of edges.get(start) ?? []) if (!seen.has(next)) reaches(next, seen.add(next));
    return seen;
  };
  expect([...edges.keys()].filter((part) => reaches(part).has(part))).toEqual([]);
});

test("no file imports itself by way of others", () => {
  const of = (file: string) => imports.filter(({ from, to }) => from === file && inside(to)).map(({ to }) => to);
  const ended = new Set<string>();
  const circleFrom = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (ended.has(file)) return undefined;
    for (const next of of(file)) {
      const circle = circleFrom(next, [...path, file]);
      if (circle) return circle;
    }
    ended.add(file);
    return undefined;
  };
  expect(files.map((file) => circleFrom(file, [])).find((circle) => circle)).toBeUndefined();
});
