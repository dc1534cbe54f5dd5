// Joins the modules of the command line, some 450 files, into a few: `lanelock` then starts in half the time. Packages stay outside.
import { join, relative } from "node:path";
import { build } from "esbuild";
import { root } from "./setup.mjs";

/** The engine and the code of worker threads are long and do not shrink: the command shares the package's. */
const sharedTexts = {
  name: "shared-texts",
  setup({ onResolve }) {
    onResolve({ filter: /\.generated\.js$/ }, ({ path, resolveDir }) => ({
      path: relative(`${root}dist/cli`, join(resolveDir, path)),
      external: true,
    }));
  },
};

export async function bundleCli() {
  const cli = `${root}dist/cli`;
  await build({
    entryPoints: [`${cli}/main.js`],
    outdir: cli,
    allowOverwrite: true,
    bundle: true,
    // What is loaded on use stays so. The parts lie beside main.js: the program finds package.json from its own address.
    splitting: true,
    chunkNames: "part-[hash]",
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    plugins: [sharedTexts],
    minifyWhitespace: true,
    logLevel: "warning",
  });
}
