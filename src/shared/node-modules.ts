import { LanelockError } from "../errors.ts";

interface NodeModules {
  "node:crypto": typeof import("node:crypto");
  "node:fs": typeof import("node:fs");
  "node:path": typeof import("node:path");
}

/** A module of Node, loaded on demand, so that bundlers for pages do not look for it. */
export function nodeModule<Name extends keyof NodeModules>(name: Name, feature: string): NodeModules[Name] {
  const module = globalThis.process?.getBuiltinModule?.(name);
  if (module) return module as NodeModules[Name];
  throw new LanelockError("ERR_DEPENDENCY", `${feature} needs Node 20.19 or newer.`);
}
