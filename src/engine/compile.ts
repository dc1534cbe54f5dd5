import { LanelockError } from "../errors.ts";

/** @throws LanelockError `ERR_WASM` if the host has no SIMD or forbids it */
export function compile(code: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  if (!WebAssembly.validate(code)) {
    throw new LanelockError("ERR_WASM", "This host has no WebAssembly SIMD, which lanelock needs: use a newer one");
  }
  try {
    return new WebAssembly.Module(code);
  } catch (cause) {
    throw new LanelockError(
      "ERR_WASM",
      "The host refused to compile WebAssembly. On a page, its Content-Security-Policy needs script-src 'wasm-unsafe-eval'",
      { cause },
    );
  }
}

/** @throws LanelockError `ERR_WASM` if the host has no addresses left, or the module was made for another one */
export function instantiate<Exports>(module: WebAssembly.Module, imports?: WebAssembly.Imports): Exports {
  try {
    return new WebAssembly.Instance(module, imports).exports as { [name: string]: unknown } & Exports;
  } catch (cause) {
    // Only if modules were provided: the package's own fit each other. The error is of the module's realm.
    if (Object(cause).name === "LinkError" || cause instanceof TypeError) {
      throw new LanelockError(
        "ERR_WASM",
        "The provided modules do not fit each other: take all of them from the same version of the package",
        { cause },
      );
    }
    throw new LanelockError(
      "ERR_WASM",
      "The host has no memory for the engine. V8 reserves 10 GiB of addresses for it, most of which are never used: " +
        "raise the limit on address space (ulimit -v), or dispose of other WebAssembly instances",
      { cause },
    );
  }
}
