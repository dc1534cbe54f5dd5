// The engine over the symbolic domain, its memory laid out as the host would; what it left there against what a standard says.
import { Algebra, type Byte, UNKNOWN } from "./algebra.ts";
import { type Predicate, SymbolicDomain } from "./symbolic.ts";
import type { WasmModule } from "./wasm/decode.ts";
import { Machine, memoryOf } from "./wasm/interpreter.ts";
import type { Value } from "./wasm/operations.ts";

export class SymbolicEngine {
  readonly algebra = new Algebra();
  readonly #domain: SymbolicDomain;
  readonly #machine: Machine;
  readonly memory: Uint8Array;
  readonly io: number;
  readonly nonce: number;
  readonly slot: number;
  readonly run: number;

  constructor(module: WasmModule) {
    this.memory = memoryOf(module);
    this.#domain = new SymbolicDomain(this.algebra, this.memory);
    this.#machine = new Machine(module, this.#domain, this.memory);
    this.io = this.call("io");
    this.nonce = this.call("nonce");
    this.slot = this.call("slotsStart");
    this.run = this.slot + 65536;
  }

  call(name: string, ...parameters: number[]): number {
    const result = this.#machine.call(name, parameters);
    if (result === undefined) return 0;
    if (typeof result !== "number") throw new Error(`The result of ${name} is not known`);
    return result as Value as number;
  }

  /** How the run goes on where it asks for a verdict, and what that was about. */
  deciding(answer: boolean): Predicate[] {
    const asked: Predicate[] = [];
    this.#domain.decide = (predicate) => {
      asked.push(predicate);
      return answer;
    };
    return asked;
  }

  /** Bytes that may have any value, at `at`. */
  unknown(at: number, length: number, name: string, factor = false): Byte[] {
    const bytes = Array.from({ length }, (_, i) => this.algebra.freshByte(`${name} byte ${i}`, factor));
    this.#domain.place(at, bytes);
    return bytes;
  }

  place(at: number, bytes: readonly Byte[]): void {
    this.#domain.place(at, bytes);
  }

  byteAt(at: number): Byte {
    return this.#domain.byteAt(at);
  }

  bytesAt(at: number, length: number): Byte[] {
    return Array.from({ length }, (_, i) => this.byteAt(at + i));
  }

  /** Where memory differs from what is expected there: the places that differ for some key or text, or could not be decided. */
  differences(at: number, expected: readonly Byte[], what: string): string[] {
    return expected.flatMap((byte, index) => {
      const found = this.byteAt(at + index);
      const wrong = byte.flatMap((bit, k) => {
        const [one, other] = [this.algebra.canonical(found[k]!), this.algebra.canonical(bit)];
        return one === UNKNOWN || one !== other ? [`${k}${one === UNKNOWN ? " (without a form)" : ""}`] : [];
      });
      return wrong.length > 0 ? [`${what}, byte ${index}: bits ${wrong.join(", ")}`] : [];
    });
  }
}
