// Many messages through the engine at a time: as many as its IO holds, laid out as assembly/mode/gcm-many.ts says.

import { inCall } from "../../engine/call.ts";
import { type Engine, engine } from "../../engine/load.ts";
import { type CheckedMessages, LENGTHS, LONG, LONGEST_SHARED, WORDS } from "./message-columns.ts";

const HEADER = 64;

/** The offset of the text in a record. */
function textOffset(lengths: number): number {
  return HEADER + (((lengths & 0xffff) + 15) & ~15);
}

/** No record is longer. */
export const LONGEST_RECORD = HEADER + LONGEST_SHARED + 15 + 15 + 32;

/** Bytes of a record. */
function recordSize(lengths: number): number {
  return textOffset(lengths) + (((lengths >>> 16) + 15) & ~15) + 32;
}

/** Consecutive messages, from `begin` to before `end`. One call of the engine takes all; or one message needs a call of its own. */
export interface Group {
  readonly begin: number;
  readonly end: number;
  readonly alone: boolean;
}

/** Cuts a list of messages into groups that fit in IO. @param apart whether each needs a call of its own */
export function groups({ nonces: { length: count }, words }: CheckedMessages, apart: boolean): Group[] {
  const { exports } = engine();
  const room = exports.ioSize();
  const most = exports.verdictsSize();
  const list: Group[] = [];
  let begin = 0;
  let used = 0;
  const close = (end: number) => {
    if (end > begin) list.push({ begin, end, alone: false });
    begin = end;
    used = 0;
  };
  for (let index = 0; index < count; index += 1) {
    const lengths = words[WORDS * index + LENGTHS] ?? LONG;
    if (lengths < 0 || apart) {
      close(index);
      begin = index + 1;
      list.push({ begin: index, end: begin, alone: true });
      continue;
    }
    const size = recordSize(lengths);
    if (used + size > room || index - begin === most) close(index);
    used += size;
  }
  close(count);
  return list;
}

/** Messages with the words of those that are checked. */
export type Columns = Omit<CheckedMessages, "textLength" | "usual">;

/** The memory that records are written to: the engine's, also in words. */
export class Records {
  readonly #bytes: Uint8Array;
  readonly #memory: Int32Array;

  constructor({ bytes }: Engine) {
    this.#bytes = bytes;
    this.#memory = new Int32Array(bytes.buffer);
  }

  /** Writes the record of the message at `index` to `at`; returns where it ends. */
  write({ data, aads, words }: Columns, index: number, at: number): number {
    const memory = this.#memory;
    const from = WORDS * index;
    const lengths = words[from + LENGTHS] ?? 0;
    const size = recordSize(lengths);
    const to = at >> 2;
    memory[to] = words[from] ?? 0;
    memory[to + 1] = words[from + 1] ?? 0;
    memory[to + 2] = words[from + 2] ?? 0;
    memory[to + 12] = lengths & 0xffff;
    memory[to + 13] = lengths >>> 16;
    memory[to + 14] = size;
    const aad = aads[index];
    if (aad !== undefined) this.#bytes.set(aad, at + HEADER);
    this.#bytes.set(data[index] as Uint8Array, at + textOffset(lengths));
    return at + size;
  }
}

/** Writes the records of a group's messages to IO; returns where they end. */
function place(host: Engine, messages: CheckedMessages, { begin, end }: Group): number {
  const records = new Records(host);
  let at = host.io;
  for (let index = begin; index < end; index += 1) at = records.write(messages, index, at);
  return at;
}

interface GroupWork {
  /** What the engine does to the `count` records from `first` on. */
  work: (first: number, count: number) => void;
  /** Copies out the results, which are packed from `first` on. */
  take: (host: Engine, first: number) => void;
}

/** Lays a group's messages out in IO, seals or opens them, and wipes IO. */
export function workGroup(messages: CheckedMessages, group: Group, { work, take }: GroupWork): void {
  inCall((host) => {
    const first = host.io;
    const end = place(host, messages, group);
    work(first, group.end - group.begin);
    take(host, first);
    host.bytes.fill(0, first, end);
  });
}
