import { LanelockError } from "../../errors.ts";
import type { KeyStore, StoreReader, StoreWriter } from "../../kms/ports/index.ts";
import { Mutex } from "../../shared/locks/mutex.ts";
import { MemoryReader, MemoryTables, MemoryWriter } from "./rows.ts";
import type { Journal } from "./table.ts";

/**
 * A store that lives as long as the object: for tests, and for pages that need keys only while they are open. Closing it deletes
 * nothing, so the same object can be opened again. Several `Kms` on one object behave like processes on one database.
 *
 * @example
 * await using kms = await Kms.open({ store: memoryStore(), rootKey: crypto.getRandomValues(new Uint8Array(32)) });
 */
export function memoryStore(): KeyStore {
  return new MemoryStore();
}

class MemoryStore implements KeyStore {
  readonly name = "memory";
  readonly #tables = new MemoryTables();
  readonly #mutex = new Mutex();
  readonly #claims = new Set<string>();
  #opened = 0;

  async open() {
    this.#opened++;
  }

  async close() {
    this.#opened--;
  }

  #exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.#mutex.run(async () => {
      if (this.#opened <= 0) throw new LanelockError("ERR_STORE", "The memory store is closed.");
      return task();
    });
  }

  read<T>(work: (rows: StoreReader) => Promise<T>) {
    return this.#exclusively(() => work(new MemoryReader(this.#tables)));
  }

  write<T>(work: (rows: StoreWriter) => Promise<T>) {
    return this.#exclusively(async () => {
      const journal: Journal = [];
      try {
        return await work(new MemoryWriter(this.#tables, journal));
      } catch (error) {
        for (const undo of journal.reverse()) undo();
        throw error;
      }
    });
  }

  async claim(name: string) {
    if (this.#claims.has(name)) return undefined;
    this.#claims.add(name);
    return {
      lost: false,
      check: async () => undefined,
      release: async () => {
        this.#claims.delete(name);
      },
    };
  }

  async scrub() {
    // Deleted rows are dropped; when the garbage collector frees them cannot be controlled.
  }
}
