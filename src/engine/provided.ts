// The modules that the application has handed in (provide.ts), if it has.

/** The modules that work in the memory of the engine's first, compiled by the host. */
export interface EngineParts {
  /** `lanelock/aes.plain.wasm` or `lanelock/aes.relaxed.wasm`: AES with GCM and CTR. */
  readonly aes?: WebAssembly.Module | undefined;
  /** `lanelock/aes-blocks.plain.wasm` or `lanelock/aes-blocks.relaxed.wasm`: AES with CBC and ECB. They need `aes` too. */
  readonly aesBlocks?: WebAssembly.Module | undefined;
  /** `lanelock/sm4.plain.wasm` or `lanelock/sm4.relaxed.wasm`: SM4 with GCM, CTR, CBC and ECB. */
  readonly sm4?: WebAssembly.Module | undefined;
  /** `lanelock/aes-modes.plain.wasm` or `lanelock/aes-modes.relaxed.wasm`: all other modes of AES. They need `aes` too. */
  readonly aesModes?: WebAssembly.Module | undefined;
  /** `lanelock/sm4-modes.plain.wasm` or `lanelock/sm4-modes.relaxed.wasm`: all other modes of SM4. They need `sm4` too. */
  readonly sm4Modes?: WebAssembly.Module | undefined;
}

export type PartName = keyof EngineParts;

/** All of them, with the first. */
export interface ProvidedModules extends EngineParts {
  readonly engine: WebAssembly.Module;
}

export let provided: ProvidedModules | undefined;

export function setProvided(modules: ProvidedModules): void {
  provided = modules;
}

/** The files of a part, as messages name them. */
export function filesOf(part: PartName | "engine"): string {
  const name = part.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
  return `lanelock/${name}.plain.wasm or lanelock/${name}.relaxed.wasm, compiled by the host`;
}
