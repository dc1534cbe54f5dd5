import { engine } from "../engine/load.ts";
import { giveBackSlot, takeSlot } from "../engine/slots.ts";
import { LanelockError } from "../errors.ts";
import { checkBytes } from "../shared/byte-input.ts";
import type { CipherEngine } from "./cipher-engine.ts";

/** Wipes the slots of objects that were dropped without being disposed of. */
const dropped = new FinalizationRegistry<number>(giveBackSlot);

/** An expanded key in the engine's memory, from its making to its wiping. */
export class KeySlot {
  readonly #slot: number;
  #live = true;

  /** Expands `key`; with `gcm`, the hash key too. */
  constructor(cipher: CipherEngine, key: Uint8Array, gcm: boolean) {
    const length = checkBytes(key, "key", "ERR_KEY");
    if (!cipher.keyLengths.includes(length)) {
      const lengths = cipher.keyLengths.join(", ").replace(/, (\d+)$/, " or $1");
      throw new LanelockError("ERR_KEY", `${cipher.name} takes keys of ${lengths} bytes, not ${length}`);
    }
    const host = engine();
    this.#slot = takeSlot(gcm ? cipher.gcmSize() : cipher.size());
    const io = host.io;
    host.bytes.set(key, io);
    cipher.expand(this.#slot, io, length);
    if (gcm) cipher.expandGcm(this.#slot);
    host.bytes.fill(0, io, io + length);
    dropped.register(this, this.#slot, this);
  }

  /** The slot's address. @throws LanelockError `ERR_STATE` once it is disposed of */
  get address(): number {
    if (!this.#live) throw new LanelockError("ERR_STATE", "This key was disposed of: make a new one");
    return this.#slot;
  }

  dispose(): void {
    if (!this.#live) return;
    this.#live = false;
    dropped.unregister(this);
    giveBackSlot(this.#slot);
  }
}
