// Bundles benchmarks. `lanelock` in them is the built package of the checkout they belong to.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { root } from "./setup.mjs";

function builtPackage(checkout) {
  const { exports } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8"));
  return {
    name: "built-package",
    setup({ onResolve }) {
      onResolve({ filter: /^lanelock(\/|$)/ }, ({ path }) => {
        const { default: file } = exports[path.replace(/^lanelock/, ".")];
        return { path: pathToFileURL(join(checkout, file)).href, external: true };
      });
    },
  };
}

/**
 * @param entries files in the checkout's bench/
 * @param outdir a folder in this project's build/: other packages are taken from here
 * @param checkout the project, or another checkout of it that is built
 */
export async function bundleBench(entries, outdir, checkout = root) {
  const from = resolve(checkout);
  await build({
    absWorkingDir: from,
    entryPoints: entries.map((entry) => join(from, "bench", entry)),
    plugins: [builtPackage(from)],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    splitting: true,
    outExtension: { ".js": ".mjs" },
    outdir: `${root}build/${outdir}`,
    logLevel: "warning",
  });
}
