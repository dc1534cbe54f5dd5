import { LanelockError } from "../errors.ts";

/**
 * Checks optional packages before a module imports them. Node 20 ends with an unhandled rejection if an imported CommonJS package
 * throws, as libsql does without its native part.
 *
 * @throws LanelockError `ERR_DEPENDENCY` that names what to install
 */
export async function requirePackages(feature: string, names: readonly string[]): Promise<void> {
  const { createRequire } = await import("node:module");
  const require = requireFrom(createRequire);
  if (require === undefined) return;
  const missing: string[] = [];
  const broken: string[] = [];
  let cause: unknown;
  for (const name of names) {
    const failed = tryPackage(require, name);
    if (failed === undefined) continue;
    (failed.installed ? broken : missing).push(name);
    cause ??= failed.cause;
  }
  if (missing.length > 0) {
    const message = `${feature} needs packages that are not installed: npm install ${missing.join(" ")}`;
    throw new LanelockError("ERR_DEPENDENCY", message, { cause });
  }
  if (broken.length > 0) {
    const here = `${globalThis.process.platform}-${globalThis.process.arch}`;
    const remedy = `Install it on this system, with its optional parts: npm install --include=optional ${broken.join(" ")}`;
    const message = `${feature} needs ${broken.join(" and ")}, which is installed but cannot be loaded on ${here}. ${remedy}`;
    throw new LanelockError("ERR_DEPENDENCY", message, { cause });
  }
}

type Require = ReturnType<typeof import("node:module")["createRequire"]>;

/** Undefined in a bundle that has no module URL: there the packages are part of it. */
function requireFrom(createRequire: typeof import("node:module")["createRequire"]): Require | undefined {
  try {
    return createRequire(import.meta.url);
  } catch {
    return undefined;
  }
}

function tryPackage(require: Require, name: string): { installed: boolean; cause: unknown } | undefined {
  let installed = false;
  try {
    require.resolve(name);
    installed = true;
    require(name);
    return undefined;
  } catch (cause) {
    return { installed, cause };
  }
}
