// Many messages through the engine at a time: as many as its IO holds, laid out as assembly/mode/gcm-many.ts says.

import { inCall } from "../engine/call.ts";
import { type Engine, engine } from "../engine/load.ts";
import type { Bytes } from "../shared/byte-input.ts";
import type { CheckedMessage } from "./many-messages.ts";

const HEADER = 64;

/** Writes one message to `at`; `words` is all memory in 4-byte words. Returns where the next record begins. */
function place(bytes: Bytes, words: Uint32Array, at: number, message: CheckedMessage): number {
  const { data, aad, aadLength, length, text, size } = message;
  words[at >> 2] = message.n0;
  words[(at + 4) >> 2] = message.n1;
  words[(at + 8) >> 2] = message.n2;
  words[(at + 48) >> 2] = aadLength;
  words[(at + 52) >> 2] = length;
  words[(at + 56) >> 2] = size;
  if (aad !== undefined) bytes.set(aad, at + HEADER);
  bytes.set(data, at + text);
  return at + size;
}

/** Consecutive messages that one call of the engine takes, or one message that needs a call of its own. */
export interface Group {
  shared: CheckedMessage[];
  alone?: CheckedMessage;
}

/** Cuts a list of messages into groups that fit in IO. */
export function groups(checked: readonly CheckedMessage[]): Group[] {
  const { exports } = engine();
  const room = exports.ioSize();
  const most = exports.verdictsSize();
  const list: Group[] = [];
  let shared: CheckedMessage[] = [];
  let used = 0;
  const close = () => {
    if (shared.length > 0) list.push({ shared });
    shared = [];
    used = 0;
  };
  for (const one of checked) {
    if (one.size === 0) {
      close();
      list.push({ shared: [], alone: one });
      continue;
    }
    if (used + one.size > room || shared.length === most) close();
    shared.push(one);
    used += one.size;
  }
  close();
  return list;
}

interface GroupWork {
  /** What the engine does to the `count` records from `first` on. */
  work: (first: number, count: number) => void;
  /** Copies out the results, which are packed from `first` on. */
  take: (host: Engine, first: number) => void;
}

/** Lays messages out in IO, seals or opens them, and wipes IO. */
export function workGroup(shared: readonly CheckedMessage[], { work, take }: GroupWork): void {
  inCall((host) => {
    const first = host.io;
    const words = new Uint32Array(host.bytes.buffer);
    let at = first;
    for (const one of shared) at = place(host.bytes, words, at, one);
    work(first, shared.length);
    take(host, first);
    host.bytes.fill(0, first, at);
  });
}
