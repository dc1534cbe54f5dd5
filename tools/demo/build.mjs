// Builds the demo's page from demo/ and the built package: static files for any host, in any folder.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../setup.mjs";
import { buildTableAes } from "./build-table-aes.mjs";
import { headers, policy } from "./headers.mjs";

const source = `${root}demo/`;

/** Scripts that the page loads by name; what they share, and the views, are in chunks. */
const entries = {
  main: `${source}main.ts`,
  style: `${source}style.css`,
  "files-worker": `${source}files/worker.ts`,
  "race-worker": `${source}race/worker.ts`,
  "traces-worker": `${source}traces/worker.ts`,
};

const options = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  minify: true,
  legalComments: "none",
  // Without this project's paths: the package by its own name, as its users get it.
  tsconfigRaw: "{}",
  logLevel: "warning",
};

async function buildScripts(folder) {
  const { metafile } = await build({
    ...options,
    entryPoints: entries,
    outdir: folder,
    splitting: true,
    chunkNames: "[name]-[hash]",
    metafile: true,
    // Chunks run before the script that imports them: whichever is first takes the time.
    banner: { js: "globalThis.scriptStarted??=performance.now();" },
  });
  return metafile;
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort();
}

/** The service worker keeps every file of this version; the page itself under the name of its folder. */
export async function buildServiceWorker(folder) {
  const files = filesOf(folder).filter((file) => file !== "service-worker.js");
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
  const list = files.map((file) => (file === "index.html" ? "./" : file));
  await build({
    ...options,
    entryPoints: { "service-worker": `${source}service-worker.ts` },
    outdir: folder,
    define: {
      FILES: JSON.stringify(list),
      VERSION: JSON.stringify(hash.digest("hex").slice(0, 16)),
      HEADERS: JSON.stringify(headers),
    },
  });
}

/** @returns what esbuild says of the scripts: their sizes and what is in each */
export async function buildDemo(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const metafile = await buildScripts(folder);
  const page = readFileSync(`${source}index.html`, "utf8").replace("%POLICY%", policy);
  writeFileSync(join(folder, "index.html"), page);
  writeFileSync(join(folder, "icon.svg"), readFileSync(`${root}src/server/console/page/icon.svg`));
  // The programs whose traces are shown.
  for (const build of ["plain", "relaxed"]) {
    for (const part of ["engine", "aes"]) {
      copyFileSync(`${root}build/${part}.${build}.wasm`, join(folder, `${part}.${build}.wasm`));
    }
  }
  copyFileSync(buildTableAes(), join(folder, "table-aes.wasm"));
  await buildServiceWorker(folder);
  return metafile;
}
