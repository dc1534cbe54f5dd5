// The owners of slots: a slot is wiped when its owner is disposed of, or garbage-collected.
import { enter } from "./call.ts";
import { releaseSlot, type Slot } from "./slots.ts";

/** Reports collected owners. Made at first use: a few hosts have no FinalizationRegistry, and there only `dispose()` wipes. */
let dropped: FinalizationRegistry<Slot> | undefined;

/** The last step of setting up a slot: gives it to `owner`, whose collection wipes it. Nothing may fail after it, or the slot is
 * lost until then. */
export function handOver(slot: Slot, owner: object): void {
  if (typeof FinalizationRegistry !== "undefined") {
    dropped ??= new FinalizationRegistry(giveBackSlot);
    dropped.register(owner, slot, slot);
  }
  slot.state = "live";
}

/** Wipes a slot and makes it free again. Harmless when repeated, even after the slot has another owner. */
export function giveBackSlot(slot: Slot): void {
  if (slot.state === "free") return;
  const host = enter();
  releaseSlot(host, slot);
  host.busy = false;
  dropped?.unregister(slot);
}
