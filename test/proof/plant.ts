// Faults planted in a module: instructions put in, or put in the place of others.
import { closeBlocks, type Instruction, type ValueType, type WasmModule } from "./wasm/decode.ts";

/** An instruction with its immediates. */
export const op = (name: string, ...immediates: number[]): Instruction => ({ name, immediates });

const noResult = { parameters: [], results: [] };
export const block = (name: "block" | "loop" | "if"): Instruction => ({ name, immediates: [], type: noResult });

export interface Plant {
  /** The function, by its number. */
  readonly function: number;
  /** Where in it, and how many instructions it replaces there. */
  readonly at: number;
  readonly replaced?: number;
  /** Given the number of the first local of `locals`. */
  readonly instructions: (local: number) => readonly Instruction[];
  readonly locals?: readonly ValueType[];
}

export function plant(
  module: WasmModule,
  { function: index, at, replaced = 0, instructions, locals = [] }: Plant,
): WasmModule {
  const functions = module.functions.map((source) => {
    if (source.index !== index) return source;
    const first = source.type.parameters.length + source.locals.length;
    const body = source.body.toSpliced(at, replaced, ...instructions(first));
    return { ...source, locals: [...source.locals, ...locals], body: closeBlocks(body) };
  });
  return { ...module, functions };
}

/** The function that an export calls, or is. */
export function exported(module: WasmModule, name: string): number {
  const index = module.exports.get(name);
  if (index === undefined) throw new Error(`The module exports no ${name}`);
  return index;
}

/** The places of an instruction, in the function and in those that it calls. */
export function placesOf(module: WasmModule, start: number, name: string): { function: number; at: number }[] {
  const seen = new Set<number>();
  const places: { function: number; at: number }[] = [];
  const visit = (index: number) => {
    if (seen.has(index)) return;
    seen.add(index);
    for (const [at, instruction] of module.functions[index]!.body.entries()) {
      if (instruction.name === name) places.push({ function: index, at });
      if (instruction.name === "call") visit(instruction.immediates[0]!);
    }
  };
  visit(start);
  return places;
}
