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

/** Those that have a third build, `wide`, for hosts that pack vector operations in pairs (assembly/lanes.ts). */
export const wideParts = parts.filter(({ name }) => ["engine", "aes", "aes-blocks", "sm4"].includes(name));

/** The module that shows whether a host packs; it is on its own, and has no other build than the wide one. */
export const wideProbe = {
  name: "wide-probe",
  entry: "assembly/wide-probe.ts",
  exports: "WideProbeExports",
  constants: 1024,
  hasMemory: true,
};

/** The name under which the modules import what a part exports. The compiler calls the module that has the memory `env`. */
export function importedAs(name) {
  return name === "engine" ? "env" : name;
}

/** Without node:url, since browsers run tests that import this file. */
function pathOf(tool) {
  return decodeURIComponent(new URL(tool, import.meta.url).pathname);
}

/** Options of asc for one build of a part, besides those of asconfig.json. */
export function partOptions({ constants, hasMemory = false }, build) {
  return [
    ...["--memoryBase", `${constants}`, ...(hasMemory ? [] : ["--importMemory", "--noExportMemory"])],
    ...(build === "wide" ? ["--transform", pathOf("pair-lanes.mjs")] : []),
  ];
}

/** The build of a part that runs beside the others of `build`. */
export function buildBeside(name, build) {
  return build === "wide" && !wideParts.some((part) => part.name === name) ? "relaxed" : build;
}
