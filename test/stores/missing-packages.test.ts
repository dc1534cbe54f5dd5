import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { beforeEach, expect, test } from "vitest";
import { nodeOfVersion } from "../reference/other-nodes.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = scratchFolder("packages");
const program = join(folder, "program.mjs");

buildSync({
  absWorkingDir: root,
  stdin: {
    contents: `
      import { sqlStore } from "./src/stores/index.ts";
      const options = process.argv[2].startsWith("postgres:") ? { url: process.argv[2] } : { path: process.argv[2] };
      const store = sqlStore(options);
      console.log(await store.open().then(() => "opened", (error) => error.code + " " + error.message));
    `,
    resolveDir: root,
    loader: "ts",
  },
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  // As it is published: what is loaded when a store is opened stays in files of its own.
  splitting: true,
  outdir: folder,
  entryNames: "program",
  outExtension: { ".js": ".mjs" },
});

/** The packages that libsql and pg themselves need. */
const PARTS = {
  libsql: ["libsql", "@neon-rs/load", "detect-libc"],
  pg: ["pg", "pg-pool", "pg-protocol", "pg-types", "pg-connection-string", "pgpass", "split2"],
  kysely: ["kysely"],
} as const;

beforeEach(() => rmSync(join(folder, "node_modules"), { recursive: true, force: true }));

function install(...packages: readonly (keyof typeof PARTS)[]): void {
  for (const name of packages.flatMap((one) => PARTS[one])) {
    mkdirSync(join(folder, "node_modules", name), { recursive: true });
    cpSync(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
  }
}

function open(store: string, node = process.execPath): { said: string; errors: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(node, [program, store], { cwd: folder, encoding: "utf8" });
  return { said: stdout.trim(), errors: stderr, status };
}

const sqlite = join(folder, "keys.db");
const postgres = "postgres://127.0.0.1:1/keys";

test.each<[readonly (keyof typeof PARTS)[], string, string]>([
  [[], sqlite, "kysely libsql"],
  [["kysely"], sqlite, "libsql"],
  [["libsql"], sqlite, "kysely"],
  [[], postgres, "kysely pg"],
  [["kysely"], postgres, "pg"],
  [["pg"], postgres, "kysely"],
])("with %j installed, %s says what to install", (installed, store, missing) => {
  install(...installed);
  const { said, errors, status } = open(store);
  expect(said).toMatch(/^ERR_DEPENDENCY /);
  // A part that is there, and broken, is not named as missing.
  expect(said).toMatch(new RegExp(`not installed: npm install ${missing}$`));
  expect([errors, status]).toEqual(["", 0]);
});

test("libsql without its native part is an error of ours on every Node, and ends no process", () => {
  install("kysely", "libsql");
  for (const node of [process.execPath, ...([22, 24, 26] as const).map(nodeOfVersion)]) {
    const { said, errors, status } = open(sqlite, node);
    const here = `${process.platform}-${process.arch}`;
    expect(said).toContain(
      `ERR_DEPENDENCY SQLite ${sqlite} needs libsql, which is installed but cannot be loaded on ${here}.`,
    );
    expect([errors, status], node).toEqual(["", 0]);
  }
});
