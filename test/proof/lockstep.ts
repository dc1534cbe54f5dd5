// Every call twice: by V8 and by the interpreter over the concrete domain. Results and memory must be the same after each.
import v8 from "node:v8";
import type { Callable } from "../constant-time/trace.ts";
import { concrete } from "./concrete.ts";
import type { Program } from "./modules.ts";
import { Machine, memoryOf } from "./wasm/interpreter.ts";

type Functions = Record<string, (...parameters: number[]) => number>;

/** The modules as V8 runs them; those of a program import from each other. */
function instantiate({ parts }: Program): { functions: Functions; memory: Uint8Array } {
  const namespaces: Record<string, WebAssembly.Exports> = {};
  const functions: Functions = {};
  let memory: Uint8Array | undefined;
  for (const [as, bytes] of parts) {
    // Node 20 has relaxed SIMD behind a flag.
    if (!WebAssembly.validate(bytes)) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), namespaces);
    namespaces[as] = exports;
    for (const [name, value] of Object.entries(exports)) {
      if (value instanceof WebAssembly.Memory) memory ??= new Uint8Array(value.buffer);
      if (typeof value === "function") functions[name] = value as Functions[string];
    }
  }
  if (!memory) throw new Error("The program exports no memory");
  return { functions, memory };
}

export class Lockstep implements Callable {
  readonly functions: Functions = {};
  /** V8's. */
  readonly memory: Uint8Array;
  readonly machine: Machine;
  readonly called = new Set<string>();

  constructor(program: Program) {
    const { functions, memory } = instantiate(program);
    this.memory = memory;
    this.machine = new Machine(program.module, concrete, memoryOf(program.module));
    if (Buffer.compare(memory, this.machine.memory) !== 0) throw new Error("The memories begin differently");
    for (const [name, run] of Object.entries(functions)) {
      this.functions[name] = (...parameters) => this.#both(name, run, parameters);
    }
  }

  #both(name: string, run: Functions[string], parameters: readonly number[]): number {
    this.called.add(name);
    this.machine.memory.set(this.memory);
    const result = run(...parameters);
    const interpreted = this.machine.call(name, parameters);
    if (result !== interpreted) throw new Error(`${name} returns ${result} in V8, ${interpreted} in the interpreter`);
    if (Buffer.compare(this.memory, this.machine.memory) === 0) return result;
    const at = this.memory.findIndex((byte, index) => byte !== this.machine.memory[index]);
    throw new Error(`After ${name}, the memory of V8 and that of the interpreter differ at ${at}`);
  }
}
