import { LanelockError } from "../../errors.ts";
import type { StoreClaim } from "../../kms/ports/index.ts";
import { databaseFailure } from "./failure.ts";

/** A lock that the browser keeps for this tab, and drops however the tab ends. */
export class WebLockClaim implements StoreClaim {
  readonly #letGo: () => void;
  readonly #released: Promise<unknown>;
  #lost = false;

  private constructor(letGo: () => void, released: Promise<unknown>) {
    this.#letGo = letGo;
    // Rejects if a script steals the lock.
    this.#released = released.catch(() => {
      this.#lost = true;
    });
  }

  /** @returns `undefined` when another claim, of this tab or another, holds it */
  static take(label: string, lock: string): Promise<WebLockClaim | undefined> {
    const locks = globalThis.navigator?.locks;
    if (locks === undefined) {
      const message = `${label} needs the Web Locks API, which only pages served over https or by localhost have.`;
      throw new LanelockError("ERR_UNSUPPORTED", message);
    }
    return new Promise((resolve, reject) => {
      const released: Promise<unknown> = locks.request(lock, { ifAvailable: true }, (held) => {
        if (held === null) return resolve(undefined);
        return new Promise<void>((letGo) => {
          // In the next microtask, because `released` is set after this callback may have run.
          Promise.resolve().then(() => resolve(new WebLockClaim(letGo, released)));
        });
      });
      released.catch((cause) => reject(databaseFailure(label, cause)));
    });
  }

  get lost(): boolean {
    return this.#lost;
  }

  async check(): Promise<void> {
    // The browser says so at once.
  }

  async release(): Promise<void> {
    this.#letGo();
    await this.#released;
  }
}
