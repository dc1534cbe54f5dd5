import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type OutputFile, type Plugin } from "esbuild";

// The suites of the engine in one script, for hosts without Node's modules.

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** What the suites import that only Node has, and what stands in for it. */
const standIns: Plugin = {
  name: "stand-ins",
  setup({ onResolve }) {
    onResolve({ filter: /^vitest$/ }, () => ({ path: here("stand-ins/vitest.ts") }));
    onResolve({ filter: /^node:(crypto|fs|zlib)$/ }, () => ({ path: here("stand-ins/node.ts") }));
    onResolve({ filter: /\/openssl-modes\.ts$/ }, () => ({ path: here("stand-ins/openssl-modes.ts") }));
    onResolve({ filter: /\/ghash\.ts$/ }, () => ({ path: here("stand-ins/ghash.ts") }));
  },
};

/** As modules for a page, beside other `entries`, with what they share in common, as an application's bundle would be. */
export function bundleSuitesForPages(entries: Readonly<Record<string, string>>): Promise<OutputFile[]> {
  return bundle({ entryPoints: { suites: here("suites.ts"), ...entries }, splitting: true, format: "esm" });
}

/** As one script, which runs where this file is: there its paths begin. `prelude` is a module to run before, `last` code to run then. */
export async function bundleSuitesForShell(prelude: string, last: string): Promise<string> {
  const [output] = await bundle({
    ...{ entryPoints: { suites: here("suites.ts") }, format: "iife", footer: { js: last } },
    inject: [here(prelude)],
    define: { "import.meta.url": JSON.stringify(import.meta.url) },
  });
  return output?.text ?? "";
}

async function bundle({ inject = [], define = {}, ...options }: BuildOptions): Promise<OutputFile[]> {
  const { outputFiles = [] } = await build({
    ...{ bundle: true, minify: true, platform: "browser", target: "es2022", outdir: "/", write: false },
    // The suites are imported for what they do.
    ignoreAnnotations: true,
    inject: [...inject, here("stand-ins/buffer.ts")],
    plugins: [standIns],
    // The long run takes more of the suites, at the counts of the short one: full counts are for Node.
    define: {
      "process.env.LANELOCK_LONG": '""',
      "process.env.LANELOCK_ALL_SUITES": JSON.stringify(process.env.LANELOCK_LONG ?? ""),
      ...define,
    },
    ...options,
  });
  return outputFiles;
}
