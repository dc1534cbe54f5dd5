import type { KeyStore } from "lanelock/kms";
import { afterEach, beforeEach, describe } from "vitest";
import { testStoreContent } from "./store-content.ts";
import { testStoreTransactions } from "./store-transactions.ts";

/** A database that the contract opens several times, as several processes would. */
export interface StoreUnderTest {
  /** Another store object on the same database. */
  connect(): KeyStore;
  dispose(): Promise<void>;
}

/** Two stores on one database, as two processes have them. */
export interface OpenStores {
  readonly store: KeyStore;
  readonly other: KeyStore;
}

/** What every store must do. */
export function testStoreContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let under: StoreUnderTest;
    let opened: OpenStores;

    beforeEach(async () => {
      under = await make();
      opened = { store: under.connect(), other: under.connect() };
      // As two processes at their first start.
      await Promise.all([opened.store.open(), opened.other.open()]);
    });

    afterEach(async () => {
      await Promise.all([opened.store.close(), opened.other.close()]);
      await under.dispose();
    });

    testStoreContent(() => opened);
    testStoreTransactions(() => opened);
  });
}
