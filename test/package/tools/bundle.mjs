// Bundles a project's entry for a page as the four bundlers do by default: `node bundle.mjs BUNDLER PROJECT ENTRY`. Prints, as
// JSON, the warnings and the name of the folder that has the bundle.
import { join } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { rollup } from "rollup";
import { build as viteBuild } from "vite";
import webpack from "webpack";

const [bundler, project, entry] = process.argv.slice(2);
const input = join(project, entry);
const out = join(project, "bundles", bundler, entry.replace(/\.js$/, ""));

const bundlers = {
  async rollup() {
    const warnings = [];
    const bundle = await rollup({
      input,
      plugins: [nodeResolve({ browser: true })],
      onwarn: (warning) => warnings.push(warning.message),
    });
    await bundle.write({ dir: out, format: "esm", entryFileNames: "main.js" });
    return warnings;
  },

  async vite() {
    const warnings = [];
    const warn = (message) => warnings.push(message);
    await viteBuild({
      ...{ root: project, configFile: false, logLevel: "warn" },
      customLogger: { info() {}, clearScreen() {}, hasErrorLogged: () => false, warn, warnOnce: warn, error: warn },
      build: {
        ...{ outDir: out, emptyOutDir: true },
        rollupOptions: { input, output: { entryFileNames: "main.js" }, preserveEntrySignatures: "strict" },
      },
    });
    return warnings;
  },

  webpack: () =>
    new Promise((resolve, reject) => {
      const compiler = webpack({
        ...{ mode: "production", target: "web", context: project, entry: input },
        experiments: { outputModule: true },
        output: { path: out, filename: "main.js", library: { type: "module" } },
      });
      compiler.run((error, stats) => {
        if (error) return reject(error);
        const { warnings, errors } = stats.toJson({ all: false, warnings: true, errors: true });
        compiler.close(() => resolve([...errors, ...warnings].map(({ message }) => message)));
      });
    }),
};

console.log(JSON.stringify({ warnings: await bundlers[bundler](), folder: out }));
