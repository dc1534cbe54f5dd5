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

/** Parts that are divided into folders: each folder is a part of its own. */
const DIVIDED = ["ciphers", "kms", "providers", "providers/pkcs11"];

/** The part of the project a file belongs to: its folder, the subfolder of a divided part, `errors`, or `entry` for an entry point. */
function partOf(path: string): string {
  if (path === "errors.ts") return "errors";
  const folders = path.split("/").slice(0, -1);
  let part = folders[0] ?? "entry";
  for (const folder of folders.slice(1)) if (DIVIDED.includes(part)) part = `${part}/${folder}`;
  return part;
}

/** The parts of `ciphers`, for those who may import all of them. */
const CIPHERS = ["engine-binding", "native", "aead", "gcm", "message", "nonces", "block-modes", "macs-and-wraps"].map(
  (name) => `ciphers/${name}`,
);

/** What each part may import of the others, besides itself and `errors`: from the ground up, so that nothing points upward. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  shared: [],
  engine: ["shared"],
  "ciphers/engine-binding": ["shared", "engine"],
  "ciphers/native": ["shared", "engine", "ciphers/engine-binding"],
  "ciphers/aead": ["shared", "engine"],
  "ciphers/gcm": ["shared", "engine", "ciphers/engine-binding", "ciphers/native", "ciphers/aead"],
  "ciphers/message": ["shared", "engine", "ciphers/engine-binding", "ciphers/aead", "ciphers/gcm"],
  "ciphers/nonces": ["shared", "engine", "ciphers/aead", "ciphers/gcm", "ciphers/message"],
  "ciphers/block-modes": ["shared", "engine", "ciphers/engine-binding", "ciphers/native"],
  "ciphers/macs-and-wraps": ["shared", "engine", "ciphers/engine-binding", "ciphers/block-modes"],
  noble: ["shared", ...CIPHERS],
  entry: ["shared", "engine", ...CIPHERS, "noble"],
  asymmetric: ["shared"],

  "kms/ports": ["shared"],
  "kms/policy": ["shared", "kms/ports"],
  "kms/wire": ["shared", "kms/ports", "kms/policy"],
  "kms/schema": ["shared", "kms/ports", "kms/policy", "kms/wire"],
  "kms/root": ["shared", "kms/ports"],
  "kms/rows": ["shared", "kms/ports", "kms/root"],
  "kms/audit": ["shared", "kms/ports", "kms/wire", "kms/root", "kms/rows"],
  "kms/keys": ["shared", "kms/ports", "kms/policy", "kms/wire", "kms/root", "kms/rows"],
  "kms/core": ["shared", "kms/ports", "kms/policy", "kms/wire", "kms/root", "kms/rows", "kms/audit", "kms/keys"],
  "kms/life-cycle": ["shared", "kms/ports", "kms/policy", "kms/wire", "kms/rows", "kms/keys", "kms/core"],
  "kms/import": [
    ...["shared", "kms/ports", "kms/policy", "kms/wire", "kms/rows", "kms/audit", "kms/keys", "kms/core"],
    "kms/life-cycle",
  ],
  "kms/use": [
    ...["shared", "kms/ports", "kms/policy", "kms/wire", "kms/schema", "kms/rows", "kms/keys", "kms/core"],
    "kms/life-cycle",
  ],
  "kms/operations": [
    ...["shared", "kms/ports", "kms/policy", "kms/wire", "kms/schema", "kms/rows", "kms/keys", "kms/core"],
    ...["kms/life-cycle", "kms/import", "kms/use"],
  ],
  "kms/service": [
    ...["shared", "kms/ports", "kms/policy", "kms/wire", "kms/root", "kms/rows", "kms/audit", "kms/keys"],
    ...["kms/core", "kms/life-cycle", "kms/import", "kms/operations"],
  ],
  "kms/facade": ["kms/ports", "kms/operations"],
  kms: [
    ...["shared", "kms/ports", "kms/policy", "kms/wire", "kms/root", "kms/audit", "kms/core", "kms/operations"],
    ...["kms/facade", "kms/service"],
  ],

  stores: ["shared", "kms/ports"],
  providers: ["shared"],
  "providers/software": ["shared", "kms/ports", "asymmetric", "entry"],
  "providers/external": ["shared", "kms/ports"],
  "providers/pkcs11/session": ["shared"],
  "providers/pkcs11/capabilities": ["kms/ports", "providers/pkcs11/session"],
  "providers/pkcs11/objects": [
    ...["shared", "kms/ports", "asymmetric"],
    ...["providers/pkcs11/session", "providers/pkcs11/capabilities"],
  ],
  "providers/pkcs11/keys": [
    ...["shared", "kms/ports", "asymmetric", "entry", "providers", "providers/pkcs11/session"],
    ...["providers/pkcs11/capabilities", "providers/pkcs11/objects"],
  ],
  "providers/pkcs11": [
    ...["shared", "kms/ports", "asymmetric", "providers/pkcs11/session", "providers/pkcs11/capabilities"],
    ...["providers/pkcs11/objects", "providers/pkcs11/keys"],
  ],
  "external-proxy": [
    ...["shared", "kms/ports", "providers/external", "providers/pkcs11", "providers/pkcs11/session"],
    ...["providers/pkcs11/objects", "providers/pkcs11/keys"],
  ],

  envelope: ["shared", "kms/ports", "kms/wire", "ciphers/gcm", "ciphers/native", "ciphers/engine-binding", "engine"],
  client: ["shared", "kms/ports", "kms/schema", "kms/operations", "kms/facade"],
  server: ["shared", "kms", "kms/ports", "kms/wire", "kms/schema", "kms/operations", "kms/service"],
  testing: ["shared", "kms", "stores", "server"],
  cli: [
    ...["shared", "kms", "kms/ports", "kms/wire", "kms/schema", "kms/policy", "kms/operations", "kms/service"],
    ...["envelope", "stores"],
    ...["providers/pkcs11", "providers/pkcs11/session", "providers/pkcs11/capabilities", "providers/external"],
    ...["external-proxy", "server", "client", "entry"],
  ],
};

/** The files that put parts together, and what each alone may import besides. */
const COMPOSITION: Readonly<Record<string, readonly string[]>> = {
  "kms/service/built-in.ts": ["providers/software"],
};

const inside = (to: string) => files.includes(to);

test("every import goes the one way, from the surface to the engine", () => {
  expect(imports.filter(({ to }) => inside(to)).length).toBeGreaterThan(200);
  const wrong = imports
    .filter(({ to }) => inside(to))
    .filter(({ from, to }) => {
      const source = partOf(from);
      const allowed = ["errors", ...(MAY[source] ?? []), ...(COMPOSITION[from] ?? [])];
      return source !== partOf(to) && !allowed.includes(partOf(to));
    })
    .map(({ from, to }) => `${from} → ${to}`);
  expect(wrong).toEqual([]);
});

test("every relative import names a file there is", () => {
  const dangling = imports.filter(({ to }) => to.endsWith(".ts") && !inside(to) && !to.endsWith(".generated.ts"));
  expect(dangling).toEqual([]);
});

test("kms/ imports no cipher, no package but hashes, and nothing of Node", () => {
  const packages = imports
    .filter(({ from, to }) => partOf(from).startsWith("kms") && !to.endsWith(".ts"))
    .map(({ to }) => to);
  expect(packages.every((name) => name.startsWith("@noble/hashes/"))).toBe(true);
  expect(packages.length).toBeGreaterThan(0);
});

test("the parts that browsers run import neither Node nor an optional package", () => {
  const browser = new Set(["errors", "shared", "entry", "engine", "ciphers", "noble", "kms", "client"]);
  const found = imports
    .filter(({ from, to }) => browser.has(partOf(from).replace(/\/.*/, "")) && !to.endsWith(".ts"))
    .filter(({ to }) => !/^@noble\/(hashes|curves)\//.test(to));
  expect(found.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

/** What demo/ may take from this repository besides the package: the interpreter of the traces, and what no entry exports. */
const DEMO_MAY = [
  "test/proof/wasm/",
  "src/shared/",
  "src/server/console/page/dom.ts",
  "src/engine/engine.generated.ts",
];

test("the demo's page uses the package by its public names, and no package but those it races", () => {
  const root = join(src, "..");
  const modules = readdirSync(join(root, "demo"), { recursive: true, encoding: "utf8" });
  const found = modules
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => importsOf(join("../demo", name)))
    .map(({ to }) => (to.startsWith("..") || inside(to) ? relative(root, join(src, to)) : to));
  const wrong = found.filter((to) => {
    const own = to.startsWith("demo/") || DEMO_MAY.some((path) => to.startsWith(path));
    return !own && !/^(lanelock(\/[a-z-]+)?|@noble\/ciphers\/aes\.js|sm-crypto-v2)$/.test(to);
  });
  expect(found.length).toBeGreaterThan(50);
  expect(wrong).toEqual([]);
});

test("no circle joins two parts", () => {
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    if (!inside(to) || from in COMPOSITION) continue;
    const [source, target] = [partOf(from), partOf(to)];
    if (source !== target) edges.set(source, (edges.get(source) ?? new Set()).add(target));
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
