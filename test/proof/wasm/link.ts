// Several modules as one: what one imports, another exports.
import type { Instruction, WasmFunction, WasmModule } from "./decode.ts";

/** The modules by the names under which others import them. The first brings the memory. */
export function link(modules: ReadonlyMap<string, WasmModule>): WasmModule {
  const first = new Map<WasmModule, number>();
  let total = 0;
  for (const module of modules.values()) {
    first.set(module, total);
    total += module.functions.length;
  }
  /** The number of a function of one module among the functions of all. */
  const numberOf = (module: WasmModule, index: number): number => {
    const origin = module.imports[index];
    if (!origin) return first.get(module)! + index - module.imports.length;
    const exporter = modules.get(origin.module);
    const exported = exporter?.exports.get(origin.name);
    if (!exporter || exported === undefined) throw new Error(`No module exports ${origin.module}.${origin.name}`);
    return numberOf(exporter, exported);
  };
  const functions: WasmFunction[] = [];
  const exports = new Map<string, number>();
  for (const module of modules.values()) {
    const relinked = (instruction: Instruction): Instruction =>
      instruction.name === "call"
        ? { ...instruction, immediates: [numberOf(module, instruction.immediates[0]!)] }
        : instruction;
    for (const source of module.functions) {
      functions.push({ ...source, index: functions.length, body: source.body.map(relinked) });
    }
    for (const [name, index] of module.exports) {
      if (exports.has(name)) throw new Error(`Two modules export ${name}`);
      exports.set(name, numberOf(module, index));
    }
  }
  const [memory] = modules.values();
  const data = [...modules.values()].flatMap((module) => module.data);
  return { imports: [], functions, exports, pages: memory?.pages ?? 0, data };
}
