// Memory for keys and streams: the engine's memory from `slotsStart()` on, handed out in slots and wiped when they come back.
//
// An interruption (an exhausted stack, a time-out of `vm`) may end any of these functions between any two steps. So only
// `slots` is authoritative: each step there is one assignment, and `settleSlots` finds and wipes every slot that is left "taken",
// and rebuilds the lists of free slots.
import { LanelockError } from "../errors.ts";
import { type Engine, renewViews } from "./load.ts";

const PAGE = 65536;

/** The last page stays unused, so that no address after a slot wraps to 0. */
const MOST = 65535 * PAGE;

/** One owner's claim on a range of the engine's memory. */
export class Slot {
  readonly index: number;
  readonly address: number;
  readonly size: number;
  /** `taken` while it is set up, changed in several steps or wiped. If it is still taken when a call begins, the last one was interrupted. */
  state: "taken" | "live" | "free" = "taken";

  constructor(index: number, address: number, size: number) {
    this.index = index;
    this.address = address;
    this.size = size;
  }
}

/** The present slot of every range, by address. */
const slots: Slot[] = [];

/** The free slots, by size. */
let free = new Map<number, Slot[]>();

/** Whether a slot may be "taken", or a free one missing from the lists: set before any change, and never reset by one. */
let unsettled = false;

/** Every slot that is not free. */
export function slotsInUse(): Slot[] {
  return slots.filter(({ state }) => state !== "free");
}

/** Grows the memory to at least `end` bytes, by a quarter at a time so that many keys cost few growths. */
function reserve(host: Engine, end: number): void {
  const present = host.bytes.length;
  if (end <= present) return;
  const needed = Math.ceil((end - present) / PAGE);
  const pages = Math.min(Math.max(needed, Math.trunc(Math.min(present / PAGE / 4, 1024))), (MOST - present) / PAGE);
  try {
    if (pages < needed) throw new RangeError("A WebAssembly memory has at most 4 GiB");
    host.exports.memory.grow(pages);
  } catch (cause) {
    throw new LanelockError(
      "ERR_LIMIT",
      "There is no memory for another key: dispose of keys that are not needed. Those that were only dropped are wiped " +
        "after the collector has found them, which takes a turn of the event loop",
      { cause },
    );
  }
  renewViews(host);
}

/** A zeroed slot of `size` bytes, a multiple of 16, in state "taken". For use within a call of the engine. */
export function takeSlot(host: Engine, size: number): Slot {
  unsettled = true;
  const list = free.get(size);
  const former = list?.[list.length - 1];
  if (list !== undefined && former !== undefined) {
    const slot = new Slot(former.index, former.address, size);
    slots[former.index] = slot;
    list.pop();
    return slot;
  }
  const last = slots.at(-1);
  const address = last === undefined ? host.exports.slotsStart() : last.address + last.size;
  reserve(host, address + size);
  const slot = new Slot(slots.length, address, size);
  slots.push(slot);
  return slot;
}

function wipe(host: Engine, slot: Slot): void {
  slot.state = "taken";
  host.bytes.fill(0, slot.address, slot.address + slot.size);
  slot.state = "free";
}

function enlist(slot: Slot, lists: Map<number, Slot[]>): void {
  const list = lists.get(slot.size);
  if (list) list.push(slot);
  else lists.set(slot.size, [slot]);
}

/** Wipes a slot and makes it free again, within a call of the engine. Harmless when repeated. */
export function releaseSlot(host: Engine, slot: Slot): void {
  if (slot.state === "free") return;
  unsettled = true;
  wipe(host, slot);
  enlist(slot, free);
}

/** Begins a change of a live slot that takes several steps: if it is interrupted, the slot is wiped. */
export function openSlot(slot: Slot): void {
  unsettled = true;
  slot.state = "taken";
}

/** Ends a change that `openSlot` or `takeSlot` began. */
export function closeSlot(slot: Slot): void {
  slot.state = "live";
}

/** Wipes slots that an interrupted call left "taken", and rebuilds the lists of free slots. */
export function settleSlots(host: Engine): void {
  if (!unsettled) return;
  const lists = new Map<number, Slot[]>();
  for (const slot of slots) {
    if (slot.state === "taken") wipe(host, slot);
    if (slot.state === "free") enlist(slot, lists);
  }
  free = lists;
  unsettled = false;
}
