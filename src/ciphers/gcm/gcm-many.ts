// Many messages through the engine at a time: as many as its IO holds, laid out as assembly/mode/gcm-many.ts says.

import { inCall } from "../../engine/call.ts";
import { type Engine, engine } from "../../engine/load.ts";
import { ALONE, type CheckedMessages, LENGTHS, WORDS } from "./message-columns.ts";

const HEADER = 64;

/** The offset of the text in a record. */
function textOffset(lengths: number): number {
  return HEADER + (((lengths & 0xffff) + 15) & ~15);
}

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
    const lengths = words[WORDS * index + LENGTHS] ?? ALONE;
    if (lengths === ALONE || apart) {
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

/** Writes the records of a group's messages to `first`; returns where they end. */
function place(host: Engine, { data, aads, words }: CheckedMessages, { begin, end }: Group): number {
  const { bytes } = host;
  const memory = new Int32Array(bytes.buffer);
  let at = host.io;
  for (let index = begin; index < end; index += 1) {
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
    if (aad !== undefined) bytes.set(aad, at + HEADER);
    bytes.set(data[index] as Uint8Array, at + textOffset(lengths));
    at += size;
  }
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
