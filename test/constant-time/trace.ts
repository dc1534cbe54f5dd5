import { type Instrumented, instrument, type Site } from "./instrument.ts";

/** What a trace comes down to. Two runs with the same digest did the same things in the same order. */
export interface Digest {
  readonly hash: bigint;
  readonly count: bigint;
}

/** One event: where, and the decision (0 or 1) or address. */
export interface TraceEvent {
  readonly site: Site;
  readonly value: number;
}

type Functions = Record<string, (...parameters: number[]) => number>;

/** A module's functions and its memory, instrumented or not. */
export interface Callable {
  readonly functions: Functions;
  readonly memory: Uint8Array;
}

/** An instrumented module with its memory, which starts every trace as it was in a new instance. */
export class TracedModule implements Callable {
  /** The module's functions. Each notes that it was called. */
  readonly functions: Functions = {};
  /** Names of the functions called so far. */
  readonly called = new Set<string>();
  readonly memory: Uint8Array;
  readonly #initial: Uint8Array;
  readonly #sites: readonly Site[];
  readonly #globals = new Map<string, WebAssembly.Global>();

  constructor(code: Uint8Array) {
    const { bytes, sites }: Instrumented = instrument(code);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)));
    this.#sites = sites;
    for (const [name, value] of Object.entries(exports)) {
      if (value instanceof WebAssembly.Global) this.#globals.set(name, value);
      if (typeof value === "function") this.functions[name] = this.#noted(name, value as Functions[string]);
    }
    if (!(exports.memory instanceof WebAssembly.Memory)) throw new Error("The module exports no memory");
    this.memory = new Uint8Array(exports.memory.buffer);
    this.#initial = this.memory.slice();
  }

  #noted(name: string, call: Functions[string]): Functions[string] {
    const noted: Functions[string] = (...parameters) => {
      this.called.add(name);
      return call(...parameters);
    };
    return Object.defineProperty(noted, "length", { value: call.length });
  }

  #global(name: string): WebAssembly.Global {
    const global = this.#globals.get(`trace:${name}`);
    if (!global) throw new Error(`The module has no trace:${name}`);
    return global;
  }

  /** Runs `work` on a fresh memory and records its first `limit` events. */
  trace(work: () => void, limit = 2n ** 62n): Digest {
    this.memory.set(this.#initial);
    for (const name of ["count", "last", "hash"]) this.#global(name).value = 0n;
    this.#global("limit").value = limit;
    work();
    return { hash: this.#global("hash").value, count: this.#global("count").value };
  }

  /** The event of that number in what `work` does, from 1. */
  eventAt(work: () => void, number: bigint): TraceEvent | undefined {
    if (this.trace(work, number).count < number) return undefined;
    const last = BigInt.asUintN(64, this.#global("last").value);
    const site = this.#sites[Number(last >> 32n)];
    if (!site) throw new Error("An event has no site");
    return { site, value: Number(last & 0xffffffffn) };
  }

  /** The number of the first event in which two runs differ; they must. */
  firstDifference(one: () => void, other: () => void): bigint {
    let [alike, different] = [0n, 1n];
    const differ = (limit: bigint) => {
      const [a, b] = [this.trace(one, limit), this.trace(other, limit)];
      return a.hash !== b.hash || a.count !== b.count;
    };
    while (!differ(different)) {
      alike = different;
      different *= 2n;
      if (different > 2n ** 40n) throw new Error("The runs do not differ");
    }
    while (different - alike > 1n) {
      const middle = (alike + different) / 2n;
      if (differ(middle)) different = middle;
      else alike = middle;
    }
    return different;
  }
}
