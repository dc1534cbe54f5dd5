// Which implementation of AES a key uses: the engine, or node:crypto, whose OpenSSL has the processor's AES instructions.
import { engine } from "../../engine/load.ts";
import { LanelockError } from "../../errors.ts";
import { type NodeCrypto, nodeCrypto } from "../../shared/node-crypto.ts";

/**
 * `"auto"`, the default: in Node, long messages go to node:crypto and short ones to the engine, whichever is faster; elsewhere all
 * go to the engine. `"wasm"`: the engine alone. `"native"`: node:crypto wherever it can. The bytes are the same.
 */
export type Backend = "auto" | "wasm" | "native";

export interface BackendOption {
  /**
   * `"auto"` unless given. With `"auto"` and `"native"`, node:crypto holds copies of the key, which `dispose()` drops but cannot
   * wipe: OpenSSL does when the garbage collector has found them. `"wasm"` leaves the key in the engine only, whose tests of
   * constant time and wiping then hold for every message.
   */
  backend?: Backend | undefined;
}

export type Mode = "gcm" | "ctr" | "cbc" | "ecb";

/** The lengths in bytes from which a message goes to node:crypto. */
export interface Crossover {
  readonly encrypting: number;
  readonly decrypting: number;
  /** In GCM: that from which node:crypto makes the keystream, and the engine hashes. */
  readonly keystream?: number;
}

/**
 * Where node:crypto is at least as fast as the engine, calls and results included: measured in Node 20, which has the plain build,
 * and Node 24, which has the relaxed one (bench/README.md). The engine encrypts CBC one block at a time.
 */
const CROSSOVER: { readonly [mode in Mode]: Crossover } = {
  gcm: { encrypting: 1280, decrypting: 1280, keystream: 704 },
  ctr: { encrypting: 960, decrypting: 960 },
  cbc: { encrypting: 384, decrypting: 1280 },
  ecb: { encrypting: 1280, decrypting: 1280 },
};

/** GHASH is faster in the relaxed build. */
const RELAXED_GCM: Crossover = { encrypting: 2304, decrypting: 2304, keystream: 640 };

function crossoverOf(mode: Mode): Crossover {
  return mode === "gcm" && engine().build === "relaxed" ? RELAXED_GCM : CROSSOVER[mode];
}

const ALWAYS: Crossover = { encrypting: 0, decrypting: 0 };

/** The name that OpenSSL has for AES with keys of so many bits. */
export function algorithmOf(mode: Mode, bits: number): string {
  return `aes-${bits}-${mode}`;
}

/** @throws LanelockError `ERR_ARGUMENT` unless it is one of the three */
export function checkBackend(backend: Backend | undefined): Backend {
  if (backend === undefined) return "auto";
  if (backend === "auto" || backend === "wasm" || backend === "native") return backend;
  throw new LanelockError("ERR_ARGUMENT", `backend must be "auto", "wasm" or "native", not ${String(backend)}`);
}

/** Whether this is Node itself. Bun, Deno and workerd have a node:crypto of their own, whose speed and limits are others. */
function isNode(): boolean {
  const { versions } = globalThis.process;
  const isWorkerd = globalThis.navigator?.userAgent === "Cloudflare-Workers";
  return versions.bun === undefined && versions.deno === undefined && !isWorkerd;
}

/** The algorithms that node:crypto was asked for, and whether it has them. */
const has = new Map<string, boolean>();

function supports(crypto: NodeCrypto, algorithm: string): boolean {
  let known = has.get(algorithm);
  if (known === undefined) {
    known = crypto.getCipherInfo?.(algorithm) !== undefined;
    has.set(algorithm, known);
  }
  return known;
}

export interface NativeChoice {
  readonly crypto: NodeCrypto;
  /** Shorter messages go to the engine. */
  readonly from: Crossover;
}

/**
 * node:crypto for an algorithm, if the backend uses it on this host.
 *
 * @throws LanelockError `ERR_UNSUPPORTED` if the backend is `"native"` and the host does not have the algorithm
 */
export function chooseNative(backend: Backend, mode: Mode, bits: number): NativeChoice | undefined {
  if (backend === "wasm") return undefined;
  const crypto = nodeCrypto();
  const algorithm = algorithmOf(mode, bits);
  if (crypto !== undefined && supports(crypto, algorithm)) {
    if (backend === "native") return { crypto, from: ALWAYS };
    return isNode() ? { crypto, from: crossoverOf(mode) } : undefined;
  }
  if (backend === "auto") return undefined;
  const message = `This host has no native ${algorithm} that lanelock can call: choose the backend "auto" or "wasm"`;
  throw new LanelockError("ERR_UNSUPPORTED", message);
}
