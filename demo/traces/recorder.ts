// Runs a module in the proof's interpreter and writes down what an observer of its timing could learn.
import type { WasmModule } from "../../test/proof/wasm/decode.ts";
import type { Domain, Need, Site } from "../../test/proof/wasm/domain.ts";
import { Machine, memoryOf } from "../../test/proof/wasm/interpreter.ts";
import type { Value } from "../../test/proof/wasm/operations.ts";

/** The parts of an event, as the trace keeps them: four numbers each. */
const EVENT = 4;

/** What happened, in order. Two runs with equal traces cannot be told apart by the addresses they use or the ways they take. */
export class Trace {
  #numbers = new Int32Array(EVENT * 4_096);
  length = 0;

  /** @param value an address, a length, or a decision: 0 or 1 */
  add(site: Site, need: Need, value: number): void {
    const at = EVENT * this.length;
    if (at === this.#numbers.length) {
      const larger = new Int32Array(2 * at);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers.set([site.function, site.at, need === "address" ? 1 : 0, value], at);
    this.length += 1;
  }

  isAddress(index: number): boolean {
    return this.#numbers[EVENT * index + 2] === 1;
  }

  value(index: number): number {
    return this.#numbers[EVENT * index + 3]!;
  }

  /** Whether an event is the same in another trace: at the same instruction, with the same value. */
  sameAt(index: number, other: Trace): boolean {
    for (let part = EVENT * index; part < EVENT * (index + 1); part++) {
      if (this.#numbers[part] !== other.#numbers[part]) return false;
    }
    return true;
  }
}

const never = () => {
  throw new Error("A run on known bytes met something unknown");
};

/** Everything is known, and all that the machine needs is recorded. */
class Recorder implements Domain {
  readonly apply = never;
  readonly store = never;
  readonly need = never;
  trace = new Trace();

  load(): undefined {
    return undefined;
  }

  forget(): void {}

  copy(): void {}

  known(site: Site, need: Need, value: Value): void {
    const number = Number(value);
    // A load or store adds its offset to the address on the stack.
    if (need === "address") this.trace.add(site, need, (number >>> 0) + (site.immediates[0] ?? 0));
    else this.trace.add(site, need, need === "branch" || need === "select" ? Number(number !== 0) : number);
  }
}

/** Where a program keeps things: addresses in its memory. */
export interface Layout {
  /** Bytes that come with the program: tables and constants. */
  readonly constants: readonly [from: number, to: number];
  readonly text: number;
  readonly roundKeys: number;
}

export interface Run {
  readonly trace: Trace;
  /** How many events had happened when the key was expanded and encryption began. */
  readonly encryptionAt: number;
  readonly ciphertext: Uint8Array;
}

/** A program that encrypts with AES-128: the engine, or anything with the same exports. */
export class TracedAes {
  readonly #machine: Machine;
  readonly #recorder = new Recorder();
  readonly layout: Layout;

  constructor(module: WasmModule) {
    this.#machine = new Machine(module, this.#recorder, memoryOf(module));
    const starts = module.data.map(({ at }) => at);
    const ends = module.data.map(({ at, bytes }) => at + bytes.length);
    this.layout = {
      constants: [Math.min(...starts) & ~15, (Math.max(...ends) + 15) & ~15],
      text: this.#call("io"),
      roundKeys: this.#call("slotsStart"),
    };
  }

  #call(name: string, ...parameters: number[]): number {
    return Number(this.#machine.call(name, parameters));
  }

  /**
   * Expands a key and encrypts whole blocks, each on its own (ECB), in a memory as new.
   *
   * @param key 16 bytes
   * @param text a multiple of 16 bytes
   */
  run(key: Uint8Array, text: Uint8Array): Run {
    const { memory } = this.#machine;
    const { text: io, roundKeys } = this.layout;
    this.#machine.reset();
    const trace = new Trace();
    this.#recorder.trace = trace;
    memory.set(key, io);
    this.#call("aesExpand", roundKeys, io, key.length);
    const encryptionAt = trace.length;
    memory.set(text, io);
    this.#call("aesEcbEncrypt", roundKeys, io, text.length);
    return { trace, encryptionAt, ciphertext: memory.slice(io, io + text.length) };
  }
}
