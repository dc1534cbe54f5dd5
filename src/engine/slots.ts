// Memory for keys and streams: the engine's memory from `slotsStart()` on, handed out in slots and wiped when they come
// back. A slot's size is one of a few, so that a free list for each is all the bookkeeping there is.
import { LanelockError } from "../errors.ts";
import { type Engine, engine } from "./load.ts";

const PAGE = 65536;

/** Slots given back, by their size. */
const free = new Map<number, number[]>();
let top = 0;

/** Every slot in use, by its address. */
export const liveSlots = new Map<number, number>();

/** Grows the memory to at least `end` bytes, by a quarter at a time so that many keys cost few growths. */
function reserve(host: Engine, end: number): void {
  const present = host.bytes.length;
  if (end <= present) return;
  const needed = Math.ceil((end - present) / PAGE);
  try {
    host.exports.memory.grow(Math.max(needed, Math.min(present / PAGE / 4, 1024) | 0));
  } catch (cause) {
    throw new LanelockError("ERR_LIMIT", "No memory for another key: dispose of keys that are not needed", { cause });
  }
  host.bytes = new Uint8Array(host.exports.memory.buffer);
}

/** A zeroed slot of `size` bytes, a multiple of 16. */
export function takeSlot(size: number): number {
  const reused = free.get(size)?.pop();
  if (reused !== undefined) {
    liveSlots.set(reused, size);
    return reused;
  }
  const host = engine();
  top ||= host.exports.slotsStart();
  reserve(host, top + size);
  const slot = top;
  top += size;
  liveSlots.set(slot, size);
  return slot;
}

/** Wipes a slot and makes it free again. */
export function giveBackSlot(slot: number): void {
  const size = liveSlots.get(slot);
  if (size === undefined) return;
  liveSlots.delete(slot);
  engine().bytes.fill(0, slot, slot + size);
  const list = free.get(size);
  if (list) list.push(slot);
  else free.set(size, [slot]);
}
