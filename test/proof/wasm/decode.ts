// Reads a module's bytes (WebAssembly 3.0 §5): as much as the engine's modules have. What it does not know is an error.
import { type Immediate, opcodeOf } from "./opcodes.ts";

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** One instruction. `end` of a block is where its `end` stands, `other` of an `if` where its `else` stands, if it has one. */
export interface Instruction {
  readonly name: string;
  /** Indices, lanes, or the offset of a memory argument. */
  readonly immediates: readonly number[];
  /** The constant of `i64.const`. */
  readonly long?: bigint;
  /** The type of a block. */
  readonly type?: FunctionType;
  readonly end?: number;
  readonly other?: number;
}

export interface WasmFunction {
  readonly index: number;
  readonly type: FunctionType;
  /** Of the locals besides the parameters. */
  readonly locals: readonly ValueType[];
  readonly body: readonly Instruction[];
}

/** A function that comes from another module. */
export interface Import {
  readonly module: string;
  readonly name: string;
}

export interface WasmModule {
  /** Imported functions, whose indices come before those of the module's own. */
  readonly imports: readonly Import[];
  readonly functions: readonly WasmFunction[];
  /** Exported functions by name. */
  readonly exports: ReadonlyMap<string, number>;
  /** Pages of memory, 0 if it is imported, and what stands there at the start. */
  readonly pages: number;
  readonly data: readonly { readonly at: number; readonly bytes: Uint8Array }[];
}

const types: Readonly<Record<number, ValueType>> = { 127: "i32", 126: "i64", 125: "f32", 124: "f64", 123: "v128" };

class Reader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new Error("The module ends too early");
    return byte;
  }

  bytes(length: number): Uint8Array {
    const part = this.#bytes.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  /** LEB128 (§5.2.2), of a signed number if asked. */
  long(signed: boolean): bigint {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte & 0x80) continue;
      return signed && byte & 0x40 ? value - (1n << shift) : value;
    }
  }

  number(): number {
    return Number(this.long(false));
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.number() }, read);
  }

  name(): string {
    return new TextDecoder().decode(this.bytes(this.number()));
  }

  type(): ValueType {
    const type = types[this.byte()];
    if (!type) throw new Error("The proof does not know a type of value");
    return type;
  }
}

/** What follows a code: the immediates, by their kind. */
function immediatesOf(reader: Reader, kind: Immediate): Pick<Instruction, "immediates" | "long"> {
  const memory = () => {
    reader.number();
    return reader.number();
  };
  if (kind === "index") return { immediates: [reader.number()] };
  if (kind === "two indices") return { immediates: [reader.number(), reader.number()] };
  if (kind === "memory") return { immediates: [memory()] };
  if (kind === "memory, lane") return { immediates: [memory(), reader.byte()] };
  if (kind === "lane") return { immediates: [reader.byte()] };
  if (kind === "lanes" || kind === "v128") return { immediates: [...reader.bytes(16)] };
  if (kind === "i32") return { immediates: [Number(BigInt.asIntN(32, reader.long(true)))] };
  if (kind === "i64") return { immediates: [], long: BigInt.asIntN(64, reader.long(true)) };
  if (kind === "table") return { immediates: [...reader.list(() => reader.number()), reader.number()] };
  if (kind === "types") reader.list(() => reader.type());
  return { immediates: [] };
}

function blockType(reader: Reader, signatures: readonly FunctionType[]): FunctionType {
  const code = Number(reader.long(true));
  if (code === -64) return { parameters: [], results: [] };
  if (code >= 0) return signatures[code] as FunctionType;
  const type = types[code + 128];
  if (!type) throw new Error("The proof does not know a type of block");
  return { parameters: [], results: [type] };
}

/** The instructions of a function, to the `end` that closes it. */
function readBody(reader: Reader, signatures: readonly FunctionType[]): Instruction[] {
  const body: Instruction[] = [];
  for (let depth = 1; depth > 0; ) {
    const first = reader.byte();
    const prefixed = first === 0xfc || first === 0xfd;
    const { name, immediate } = opcodeOf(prefixed ? first : 0, prefixed ? reader.number() : first);
    if (immediate === "block") body.push({ name, immediates: [], type: blockType(reader, signatures) });
    else body.push({ name, ...immediatesOf(reader, immediate) });
    if (immediate === "block") depth += 1;
    if (name === "end") depth -= 1;
  }
  return closeBlocks(body);
}

/** The same instructions, with the places where their blocks end. */
export function closeBlocks(body: readonly Instruction[]): Instruction[] {
  const [open, elses, ends] = [[] as number[], new Map<number, number>(), new Map<number, number>()];
  for (const [at, { name, type }] of body.entries()) {
    if (type) open.push(at);
    else if (name === "else") elses.set(open.at(-1) ?? -1, at);
    else if (name === "end") {
      const start = open.pop() ?? -1;
      ends.set(start, at);
      // An `else` that control falls into leads to the end of its `if`.
      const other = elses.get(start);
      if (other !== undefined) ends.set(other, at);
    }
  }
  return body.map(({ end: _end, other: _other, ...rest }, at) => {
    const [end, other] = [ends.get(at), elses.get(at)];
    return { ...rest, ...(end === undefined ? {} : { end }), ...(other === undefined ? {} : { other }) };
  });
}

class Sections {
  readonly #imports: Import[] = [];
  readonly #signatures: FunctionType[] = [];
  readonly #declared: number[] = [];
  readonly #functions: WasmFunction[] = [];
  readonly #exports = new Map<string, number>();
  readonly #data: { at: number; bytes: Uint8Array }[] = [];
  #pages = 0;

  #readCode(reader: Reader): void {
    for (const signature of this.#declared) {
      reader.number();
      const locals = reader.list(() => ({ count: reader.number(), type: reader.type() }));
      this.#functions.push({
        index: this.#imports.length + this.#functions.length,
        type: this.#signatures[signature] as FunctionType,
        locals: locals.flatMap(({ count, type }) => Array<ValueType>(count).fill(type)),
        body: readBody(reader, this.#signatures),
      });
    }
  }

  #readImport(reader: Reader): void {
    const origin = { module: reader.name(), name: reader.name() };
    const kind = reader.byte();
    if (kind === 0) {
      reader.number();
      this.#imports.push(origin);
    } else if (kind === 2) {
      if (reader.byte()) reader.number();
      reader.number();
    } else throw new Error(`Import ${origin.name} is neither a function nor a memory`);
  }

  #readExport(reader: Reader): void {
    const name = reader.name();
    const kind = reader.byte();
    const index = reader.number();
    if (kind === 0) this.#exports.set(name, index);
    else if (kind !== 2) throw new Error(`Export ${name} is neither a function nor the memory`);
  }

  #readData(reader: Reader): void {
    if (reader.number() !== 0) throw new Error("A data segment is not placed at the start");
    const [place] = readBody(reader, []);
    if (place?.name !== "i32.const") throw new Error("A data segment has no constant place");
    this.#data.push({ at: place.immediates[0] ?? 0, bytes: reader.bytes(reader.number()) });
  }

  read(id: number, reader: Reader): void {
    const signature = () => {
      if (reader.byte() !== 0x60) throw new Error("A type is not a function's");
      return { parameters: reader.list(() => reader.type()), results: reader.list(() => reader.type()) };
    };
    if (id === 1) this.#signatures.push(...reader.list(signature));
    else if (id === 2) reader.list(() => this.#readImport(reader));
    else if (id === 3) this.#declared.push(...reader.list(() => reader.number()));
    else if (id === 5) {
      reader.list(() => {
        const limited = reader.byte();
        this.#pages = reader.number();
        if (limited) reader.number();
      });
    } else if (id === 7) reader.list(() => this.#readExport(reader));
    else if (id === 10) {
      reader.number();
      this.#readCode(reader);
    } else if (id === 11) reader.list(() => this.#readData(reader));
    // Custom sections say nothing of what runs; 12 only counts the data. Tables, globals and a start would.
    else if (id !== 0 && id !== 12) throw new Error(`The proof does not know section ${id}`);
  }

  module(): WasmModule {
    return {
      imports: this.#imports,
      functions: this.#functions,
      exports: this.#exports,
      pages: this.#pages,
      data: this.#data,
    };
  }
}

export function decode(code: Uint8Array): WasmModule {
  const reader = new Reader(code);
  if (reader.bytes(8).join(" ") !== "0 97 115 109 1 0 0 0") throw new Error("This is no module");
  const sections = new Sections();
  while (reader.at < code.length) {
    const id = reader.byte();
    const end = reader.number() + reader.at;
    sections.read(id, reader);
    if (id === 0 || id === 12) reader.at = end;
    if (reader.at !== end) throw new Error(`Section ${id} ends elsewhere than it says`);
  }
  return sections.module();
}
