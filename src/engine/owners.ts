// Who a slot belongs to: an object that is disposed of, or dropped and collected.
import { enter } from "./call.ts";
import { releaseSlot, type Slot } from "./slots.ts";

/** Tells which owners were collected. Made at first use: a few hosts have none, and there `dispose()` is all there is. */
let dropped: FinalizationRegistry<Slot> | undefined;

/** The last step of setting up a slot: it belongs to `owner`, and is wiped when that is collected. Nothing may fail after it, or the
 * slot is lost until then. */
export function handOver(slot: Slot, owner: object): void {
  if (typeof FinalizationRegistry !== "undefined") {
    dropped ??= new FinalizationRegistry(giveBackSlot);
    dropped.register(owner, slot, slot);
  }
  slot.state = "live";
}

/** Wipes a slot and makes it free again. Harmless when repeated, also after the slot has another owner. */
export function giveBackSlot(slot: Slot): void {
  if (slot.state === "free") return;
  const host = enter();
  releaseSlot(host, slot);
  host.busy = false;
  dropped?.unregister(slot);
}
