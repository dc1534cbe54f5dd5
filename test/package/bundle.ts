import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build } from "esbuild";

export interface Bundle {
  readonly text: string;
  /** Bytes after gzip at its best. */
  readonly compressed: number;
  readonly exports: readonly string[];
  /** The modules in it, by their paths from the project's root. */
  readonly modules: readonly string[];
  /** Those of which anything was left in it. */
  readonly used: readonly string[];
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Bundles a module for a page, as an application's build would: any import of a Node module is an error. */
export async function bundleForBrowser(entry: string, options: BuildOptions = {}): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
    logLevel: "silent",
    ...options,
  });
  const [output] = outputFiles ?? [];
  const [meta] = Object.values(metafile?.outputs ?? {});
  if (!output || !meta) throw new Error(`esbuild made nothing of ${entry}`);
  return {
    text: output.text,
    compressed: gzipSync(output.contents, { level: 9 }).length,
    exports: meta.exports,
    modules: Object.keys(meta.inputs),
    used: Object.entries(meta.inputs).flatMap(([name, { bytesInOutput }]) => (bytesInOutput > 0 ? [name] : [])),
  };
}
