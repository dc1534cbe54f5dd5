import { LanelockError } from "../../errors.ts";
import type { Suite } from "../format/suites.ts";
import { nativeCrossover, nativeMaker } from "./crossover.ts";

/**
 * The implementation that seals and opens segments: `"native"` is the platform's AES (node:crypto or WebCrypto), `"wasm"` the engine.
 * `"auto"` picks the faster one that this host has. SM4 always runs in the engine. All produce the same bytes.
 */
export type Backend = "auto" | "native" | "wasm";

export type ChosenBackend = "native" | "wasm";

export interface BackendRequest {
  readonly backend: Backend;
  readonly suite: Suite;
  /** Bytes of a message's largest segment, as far as known. */
  readonly segmentLength: number;
}

/** @throws LanelockError `ERR_UNSUPPORTED` if the backend is `"native"` and the platform has none for the suite */
export function chooseBackend({
  backend,
  suite,
  segmentLength,
}: BackendRequest): ChosenBackend | Promise<ChosenBackend> {
  if (backend === "wasm") return "wasm";
  const native = suite.id === 1 ? nativeMaker() : undefined;
  if (native === undefined) {
    if (backend === "auto") return "wasm";
    throw new LanelockError(
      "ERR_UNSUPPORTED",
      `This platform has no ${suite.name} that lanelock can use: choose the backend "auto" or "wasm"`,
    );
  }
  if (backend === "native") return "native";
  const crossover = nativeCrossover(native);
  const decide = (size: number): ChosenBackend => (segmentLength >= size ? "native" : "wasm");
  return typeof crossover === "number" ? decide(crossover) : crossover.then(decide);
}
