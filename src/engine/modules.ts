// The modules that work in the memory of the engine's first. Each is loaded when it is first used, and is in a bundle only if something
// there uses it.
import { LanelockError } from "../errors.ts";
import { type AesExports, modules as aesModules } from "./aes.generated.ts";
import { type AesBlocksExports, modules as aesBlocksModules } from "./aes-blocks.generated.ts";
import { type AesModesExports, modules as aesModesModules } from "./aes-modes.generated.ts";
import { compile, instantiate } from "./compile.ts";
import { type Engine, engine } from "./load.ts";
import { filesOf, type PartName, provided } from "./provided.ts";
import { type Sm4Exports, modules as sm4Modules } from "./sm4.generated.ts";
import { type Sm4ModesExports, modules as sm4ModesModules } from "./sm4-modes.generated.ts";
import { type PackedModules, unpack } from "./unpack.ts";
import { wide } from "./wide.ts";

/** @throws LanelockError `ERR_WASM` if the host forbids it, or the engine was provided without this part */
function moduleOf({ build }: Engine, name: PartName, modules: PackedModules): WebAssembly.Module {
  const own = build === "wide" ? wide?.[name] : undefined;
  if (own !== undefined) return compile(unpack(own, 0));
  if (build !== "provided") return compile(unpack(modules, build === "plain" ? 0 : 1));
  const part = provided?.[name];
  if (part !== undefined) return part;
  throw new LanelockError(
    "ERR_WASM",
    `The engine was provided without { ${name} }: give provideEngine ${filesOf(name)}`,
  );
}

/**
 * A module with what it imports besides the memory.
 *
 * @throws LanelockError `ERR_WASM` if the host cannot run it, or the engine was provided without it
 */
function part<Exports>(name: PartName, modules: PackedModules, imports?: () => WebAssembly.Imports): () => Exports {
  let instance: Exports | undefined;
  return () => {
    if (instance !== undefined) return instance;
    const host = engine();
    const { memory } = host.exports;
    instance = instantiate<Exports>(moduleOf(host, name, modules), { env: { memory }, ...imports?.() });
    return instance;
  };
}

/** AES with GCM, CTR, and encryption with ECB. */
export const aes = /* @__PURE__ */ part<AesExports>("aes", aesModules);

/** What only ECB and CBC need of AES besides. */
export const aesBlocks = /* @__PURE__ */ part<AesBlocksExports>("aesBlocks", aesBlocksModules);

/** SM4 with GCM, CTR, ECB and CBC. */
export const sm4 = /* @__PURE__ */ part<Sm4Exports>("sm4", sm4Modules);

/** Further modes of AES, which most programs do not use. */
export const aesModes = /* @__PURE__ */ part<AesModesExports>("aesModes", aesModesModules, () => ({
  aes: { ...aes() },
}));

/** Further modes of SM4. */
export const sm4Modes = /* @__PURE__ */ part<Sm4ModesExports>("sm4Modes", sm4ModesModules, () => ({
  sm4: { ...sm4() },
}));
