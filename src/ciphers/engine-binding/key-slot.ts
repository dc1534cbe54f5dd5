import { enter, failed } from "../../engine/call.ts";
import { engine } from "../../engine/load.ts";
import { giveBackSlot, handOver } from "../../engine/owners.ts";
import { type Slot, takeSlot } from "../../engine/slots.ts";
import { LanelockError } from "../../errors.ts";
import { type Bytes, checkBytes } from "../../shared/byte-input.ts";
import type { BlockCipher } from "./cipher-engine.ts";

/** @throws LanelockError `ERR_KEY` unless `key` has a length that the cipher takes, which is returned */
function checkKey({ name, keyLengths }: BlockCipher, key: Uint8Array): number {
  const length = checkBytes(key, "key", "ERR_KEY");
  if (keyLengths.includes(length)) return length;
  const lengths = keyLengths.join(", ").replace(/, (\d+)$/, " or $1");
  throw new LanelockError("ERR_KEY", `${name} takes keys of ${lengths} bytes, not ${length}`);
}

function disposed(): LanelockError {
  return new LanelockError("ERR_STATE", "This key was disposed of: make a new one");
}

/** What a mode keeps in a key's slot behind the expanded key. */
export interface SlotLayout {
  /** Bytes of the expanded key and what the mode adds. */
  readonly size?: number;
  /** Fills in what the mode adds, once the key is expanded. */
  readonly complete?: (slot: number) => void;
  /** Whether `given()` can be called. */
  readonly keepsGiven?: boolean;
}

/** Bytes at the end of a slot for a key as it was given. */
const GIVEN_KEY = 32;

/** An expanded key in the engine's memory, from its making to its wiping. */
export class KeySlot {
  /** Bytes of the key as it was given. */
  readonly length: number;
  readonly #slot: Slot;

  constructor(cipher: BlockCipher, key: Uint8Array, layout: SlotLayout = {}) {
    const { size = cipher.size(), complete, keepsGiven = false } = layout;
    const length = checkKey(cipher, key);
    const host = enter();
    try {
      const slot = takeSlot(host, keepsGiven ? size + GIVEN_KEY : size);
      const { bytes, io } = host;
      bytes.set(key, io);
      cipher.expand(slot.address, io, length);
      complete?.(slot.address);
      if (keepsGiven) bytes.copyWithin(slot.address + size, io, io + length);
      bytes.fill(0, io, io + length);
      this.length = length;
      this.#slot = slot;
      handOver(slot, this);
      host.busy = false;
    } catch (error) {
      throw failed(host, error);
    }
  }

  /** The slot's address. @throws LanelockError `ERR_STATE` once the key is disposed of */
  get address(): number {
    const slot = this.#slot;
    if (slot.state !== "live") throw disposed();
    return slot.address;
  }

  /** The key as it was given: a view of the engine's memory. Use it at once. */
  given(): Bytes {
    const end = this.address + this.#slot.size;
    return engine().bytes.subarray(end - GIVEN_KEY, end - GIVEN_KEY + this.length);
  }

  dispose(): void {
    giveBackSlot(this.#slot);
  }
}
