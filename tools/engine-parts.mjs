// What the engine is made of: the modules, each in every build.

/** The builds of each module: targets of asconfig.json. */
export const builds = ["plain", "relaxed"];

/**
 * The modules, each after those that it imports: its sources' entry, the interface of its exports, and the address of its constants, below
 * STATIC_END of assembly/memory.ts. All work in the memory of the first.
 */
export const parts = [
  { name: "engine", entry: "assembly/engine.ts", exports: "EngineExports", constants: 1024, hasMemory: true },
  { name: "aes", entry: "assembly/aes.ts", exports: "AesExports", constants: 1088 },
  { name: "aes-blocks", entry: "assembly/aes-blocks.ts", exports: "AesBlocksExports", constants: 1600 },
  { name: "sm4", entry: "assembly/sm4.ts", exports: "Sm4Exports", constants: 2048 },
  { name: "aes-modes", entry: "assembly/aes-modes.ts", exports: "AesModesExports", constants: 2560 },
  { name: "sm4-modes", entry: "assembly/sm4-modes.ts", exports: "Sm4ModesExports", constants: 3328 },
];

/** Options of asc for a part, besides those of asconfig.json. */
export function partOptions({ constants, hasMemory = false }) {
  return ["--memoryBase", `${constants}`, ...(hasMemory ? [] : ["--importMemory", "--noExportMemory"])];
}
