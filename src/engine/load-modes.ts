import { LanelockError } from "../errors.ts";
import { compile, engine, instantiate, modesProvided } from "./load.ts";
import { type ModesExports, modules } from "./modes.generated.ts";
import { unpack } from "./unpack.ts";

let instance: ModesExports | undefined;

/** The module that fits the running engine, whose memory and ciphers it takes. */
function load(): ModesExports {
  const { build, exports } = engine();
  const provided = build === "provided" ? modesProvided() : compile(unpack(modules, build === "relaxed" ? 1 : 0));
  if (provided === undefined) {
    throw new LanelockError(
      "ERR_WASM",
      "The engine was provided without its module for this mode: call provideEngine(engine, modes), where modes is " +
        "lanelock/modes.plain.wasm or lanelock/modes.relaxed.wasm, compiled by the host",
    );
  }
  return instantiate<ModesExports>(provided, { env: { ...exports } });
}

/**
 * The engine's second module, for modes of operation that most programs do not use. It works in the memory of the first.
 *
 * @throws LanelockError `ERR_WASM` if the host cannot run it
 */
export function modes(): ModesExports {
  instance ??= load();
  return instance;
}
