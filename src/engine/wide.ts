// The wide build of the engine (assembly/lanes.ts), if the application has asked for it and this host packs: src/wide.ts.
import type { PartName } from "./provided.ts";
import type { PackedModules } from "./unpack.ts";

/** The modules that have a wide build. All others run beside it as they are in the relaxed build. */
export interface WideModules extends Readonly<Partial<Record<PartName, PackedModules>>> {
  readonly engine: PackedModules;
}

export let wide: WideModules | undefined;

export function setWide(modules: WideModules): void {
  wide = modules;
}

/** A module for a thread that this one starts: the wide build stands in place of the relaxed one if this thread uses it. */
export function forThread(name: keyof WideModules, own: PackedModules): PackedModules {
  const packed = wide?.[name];
  if (packed === undefined) return own;
  return { frequent: packed.frequent, chunks: packed.chunks.map(([text = ""]) => ["", text]) };
}
