// The engine over the symbolic domain, its memory laid out as the host would; what it left there against what a standard says.
import { Algebra, type Bit, type Byte, UNKNOWN } from "./algebra.ts";
import { constantByte } from "./standards/bytes.ts";
import { type Predicate, SymbolicDomain } from "./symbolic.ts";
import type { WasmModule } from "./wasm/decode.ts";
import { type Coverage, Machine, memoryOf } from "./wasm/interpreter.ts";
import type { Value } from "./wasm/operations.ts";

/** Bytes without a pattern (xorshift32), the same in every run. */
class Sequence {
  #state = 0x9e3779b9;

  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state & 255;
  }
}

/** The function that `ghash` calls, and its copies in other modules: the same instructions, but for where their constants lie. */
function hashing({ exports, functions }: WasmModule): number[] {
  const calls = functions[exports.get("ghash")!]!.body.filter(({ name }) => name === "call");
  if (calls.length !== 1) throw new Error("It is not clear which function hashes");
  const names = (index: number) => functions[index]!.body.map(({ name }) => name).join();
  const hash = names(calls[0]!.immediates[0]!);
  return functions.flatMap(({ index }) => (names(index) === hash ? [index] : []));
}

export class SymbolicEngine {
  readonly algebra = new Algebra();
  readonly #domain: SymbolicDomain;
  readonly #machine: Machine;
  readonly #module: WasmModule;
  readonly #sampled: boolean;
  readonly #random = new Sequence();
  readonly memory: Uint8Array;
  readonly io: number;
  readonly nonce: number;
  /** Three slots: of a key, of another, of a run. */
  readonly slot: number;
  readonly otherSlot: number;
  readonly run: number;

  /** `sampled`: unknown bytes have some value each, which takes the same paths in a thousandth of the time, and proves nothing. */
  constructor(module: WasmModule, coverage?: Coverage, sampled = false) {
    this.#module = module;
    this.#sampled = sampled;
    this.memory = memoryOf(module);
    this.#domain = new SymbolicDomain(this.algebra, this.memory);
    this.#machine = new Machine(module, this.#domain, this.memory, coverage);
    this.io = this.call("io");
    this.nonce = this.call("nonce");
    this.slot = this.call("slotsStart");
    this.otherSlot = this.slot + 32768;
    this.run = this.slot + 65536;
  }

  call(name: string, ...parameters: number[]): number {
    const result = this.#machine.call(name, parameters);
    if (result === undefined) return 0;
    if (typeof result !== "number") throw new Error(`The result of ${name} is not known`);
    return result as Value as number;
  }

  /**
   * From here on GHASH, wherever the program calls it, does what `update` does: state and data to the next state. What `ghash` itself
   * computes has proofs of its own.
   */
  summarizeGhash(update: (state: readonly Byte[], data: readonly Byte[]) => readonly Byte[]): void {
    for (const index of hashing(this.#module)) {
      this.#machine.summarize(index, (parameters) => {
        const [, state = 0, data = 0, length = 0] = parameters as number[];
        const zeros = Array.from({ length: -length & 15 }, () => constantByte(0));
        this.place(data + length, zeros);
        this.place(state, update(this.bytesAt(state, 16), this.bytesAt(data, length)));
      });
    }
  }

  /** How the run goes on where it asks for a verdict, and what that was about. */
  deciding(...answers: boolean[]): Predicate[] {
    const asked: Predicate[] = [];
    this.#domain.decide = (predicate) => {
      asked.push(predicate);
      return answers[asked.length - 1] ?? answers.at(-1) ?? false;
    };
    return asked;
  }

  /** Whether what a run asked is whether any of `bits` is 1, which is what sets `name` apart: that and nothing else. */
  askedOther(asked: readonly Predicate[], wanted: readonly (readonly Bit[])[], name: string): string[] {
    const canonical = (bits: readonly Bit[]) =>
      [...new Set(bits.map((bit) => this.algebra.canonical(bit)))]
        .filter((bit) => bit !== 0)
        .sort((a, b) => a - b)
        .join();
    const [questions, expected] = [asked, wanted].map((list) => list.map(canonical).filter((each) => each !== ""));
    return questions?.join(";") === expected?.join(";") ? [] : [`the verdict is about other bits than ${name}`];
  }

  /** Bytes that may have any value. */
  any(length: number, name: string, factor = false): Byte[] {
    return Array.from({ length }, (_, i) =>
      this.#sampled ? constantByte(this.#random.next()) : this.algebra.freshByte(`${name} byte ${i}`, factor),
    );
  }

  /** The same at `at`. */
  unknown(at: number, length: number, name: string, factor = false): Byte[] {
    const bytes = this.any(length, name, factor);
    this.#domain.place(at, bytes);
    return bytes;
  }

  place(at: number, bytes: readonly Byte[]): void {
    this.#domain.place(
      at,
      bytes.map((byte) => byte.map((bit) => this.algebra.current(bit))),
    );
  }

  byteAt(at: number): Byte {
    return this.#domain.byteAt(at);
  }

  bytesAt(at: number, length: number): Byte[] {
    return Array.from({ length }, (_, i) => this.byteAt(at + i));
  }

  /** Where memory differs from what is expected there: the places that differ for some key or text, or could not be decided. */
  differences(at: number, expected: readonly Byte[], what: string): string[] {
    return this.differencesOf(this.bytesAt(at, expected.length), expected, what);
  }

  differencesOf(bytes: readonly Byte[], expected: readonly Byte[], what: string): string[] {
    return expected.flatMap((byte, index) => {
      const found = bytes[index]!;
      const wrong = byte.flatMap((bit, k) => {
        const [one, other] = [this.algebra.canonical(found[k]!), this.algebra.canonical(bit)];
        return one === UNKNOWN || one !== other ? [k] : [];
      });
      const left = found.map((bit) => this.algebra.whereLost(bit)).find((place) => place !== undefined);
      const where = left === undefined ? "" : `: the run leaves the standard at ${left}`;
      return wrong.length > 0 ? [`${what}, byte ${index}: bits ${wrong.join(", ")}${where}`] : [];
    });
  }
}
