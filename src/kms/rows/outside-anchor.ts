import { LanelockError } from "../../errors.ts";
import { equalInConstantTime, toHex } from "../../shared/encoding.ts";
import { utf8 } from "../../shared/utf8.ts";
import type { StoreKeys } from "../root/store-keys.ts";

/** A place outside the store that keeps one short text. */
export interface AnchorPlace {
  /** For messages: `file /mnt/other/keys.anchor`. */
  readonly name: string;
  /** The text that was written last; nothing if there is no text yet. */
  read(): Promise<unknown>;
  /** Durable when it resolves. */
  write(text: string): Promise<void>;
}

export interface AnchorParts {
  readonly place: AnchorPlace;
  /** Accepts the store as it is, and writes a new anchor. */
  readonly begin: boolean;
}

interface Anchored {
  readonly store: string;
  readonly epoch: number;
  readonly mac: string;
}

/**
 * Records the latest state of the store outside it, so that the rollback of a whole store is noticed. The text is one
 * line of JSON: the store's id, the number of its last transaction, and a MAC under the store's keys.
 */
export class OutsideAnchor {
  readonly #place: AnchorPlace;
  readonly #begin: boolean;
  #keys: StoreKeys | undefined;
  #written = -1;
  #wanted = -1;
  #writing: Promise<void> | undefined;

  constructor({ place, begin }: AnchorParts) {
    this.#place = place;
    this.#begin = begin;
  }

  /** Before a store is made: an anchor that says something belongs to a store that was here. */
  async requireUnused(): Promise<void> {
    if (this.#begin || (await this.#read()) === undefined) return;
    throw this.#refusal("the store is empty, but the anchor is that of a store with keys");
  }

  /**
   * Compares the store with the anchor, and then updates the anchor.
   *
   * @param anchored whether the store was opened with an anchor before
   * @throws LanelockError `ERR_INTEGRITY` for a store older than the anchor, or an anchor that is gone or of another store
   */
  async check(keys: StoreKeys, { epoch, anchored }: { epoch: number; anchored: boolean }): Promise<void> {
    this.#keys = keys;
    const text = this.#begin ? undefined : await this.#read();
    if (text !== undefined) {
      const found = this.#parsed(text);
      if (found > epoch) throw this.#refusal(`the store is at transaction ${epoch}, and was at ${found} before`);
    } else if (anchored && !this.#begin) {
      throw this.#refusal("the anchor is gone");
    }
    await this.#write(epoch);
    this.#written = epoch;
  }

  #parsed(text: string): number {
    const keys = this.#requireKeys();
    const { store, epoch, mac } = parse(text);
    if (store !== keys.storeId) throw this.#refusal("the anchor is that of another store");
    const expected = macOf(keys, epoch);
    if (equalInConstantTime(utf8(mac), utf8(expected))) return epoch;
    throw this.#refusal("the anchor was changed, or was written under another root key");
  }

  /** Resolves when the anchor records `epoch`, or a later one. */
  async advance(epoch: number): Promise<void> {
    this.#wanted = Math.max(this.#wanted, epoch);
    while (this.#written < epoch) {
      this.#writing ??= this.#follow().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
  }

  async #follow(): Promise<void> {
    const wanted = this.#wanted;
    // Another process on the same store and anchor may be further on.
    const text = await this.#read();
    if (text === undefined || this.#parsed(text) < wanted) await this.#write(wanted);
    this.#written = wanted;
  }

  async #read(): Promise<string | undefined> {
    try {
      const text: unknown = await this.#place.read();
      return typeof text === "string" && text.trim() !== "" ? text : undefined;
    } catch (cause) {
      throw this.#failure("read", cause);
    }
  }

  async #write(epoch: number): Promise<void> {
    const keys = this.#requireKeys();
    const anchored: Anchored = { store: keys.storeId, epoch, mac: macOf(keys, epoch) };
    try {
      await this.#place.write(`${JSON.stringify(anchored)}\n`);
    } catch (cause) {
      throw this.#failure("written", cause);
    }
  }

  #requireKeys(): StoreKeys {
    if (this.#keys) return this.#keys;
    throw new LanelockError("ERR_STATE", "The anchor is used before the store is open.");
  }

  #refusal(problem: string): LanelockError {
    return new LanelockError(
      "ERR_INTEGRITY",
      `The store does not agree with its anchor (${this.#place.name}): ${problem}. If you put a backup back on purpose, open it ` +
        "once with the anchor's option { begin: true }, or run: lanelock verify --begin-anchor",
    );
  }

  #failure(what: string, cause: unknown): LanelockError {
    const message = `The anchor (${this.#place.name}) cannot be ${what}. Changes made meanwhile are in the store.`;
    return new LanelockError("ERR_STORE", message, { cause });
  }
}

function macOf(keys: StoreKeys, epoch: number): string {
  return toHex(keys.mac("outside anchor", [keys.storeId, epoch]));
}

function parse(text: string): Anchored {
  const none = { store: "", epoch: 0, mac: "" };
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== "object" || read === null || !("store" in read && "epoch" in read && "mac" in read))
      return none;
    const { store, epoch, mac } = read;
    const fits = typeof store === "string" && typeof epoch === "number" && typeof mac === "string";
    return fits ? { store, epoch, mac } : none;
  } catch {
    return none;
  }
}
