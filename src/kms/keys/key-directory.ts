import { LanelockError } from "../../errors.ts";
import { equalInConstantTime } from "../../shared/encoding.ts";
import { nextTurn } from "../../shared/pause.ts";
import { performance } from "../../shared/timers.ts";
import { keyAsOf, validUntil } from "../policy/due.ts";
import { keyNotFound } from "../ports/errors.ts";
import type { KeyRow, KeyStore } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { TrustedReader } from "../rows/trusted-reader.ts";
import { type KeyReference, keyReference, type Realm } from "../wire/ids.ts";

/** A key as it was read; good while the directory is fresh and `validUntil` (clock, ms) has not come. */
export interface KnownKey {
  readonly row: KeyRow;
  readonly validUntil: number;
}

const MAX_KNOWN = 20_000;

export interface DirectoryOptions {
  readonly store: KeyStore;
  readonly keys: StoreKeys;
  readonly realm: Realm;
  readonly now: () => number;
  /** How long what was read may be used before the store's change counter is looked at again. */
  readonly checkMilliseconds: number;
  /** Carries out what time has brought about in a key. May fail; the key is then looked at as it should be. */
  readonly settle: (row: KeyRow) => Promise<void>;
}

/**
 * What this process knows of keys: by every name they were called by, and by key version. The rule that keeps it true:
 *
 * - nothing read is used later than `checkMilliseconds` after the store's change counter was last seen unchanged, so a change
 *   by another process is obeyed by every call that begins later than that;
 * - a change by this process clears it before the change is acknowledged.
 */
export class KeyDirectory {
  readonly #options: DirectoryOptions;
  readonly #byName = new Map<string, KnownKey>();
  readonly #byVersion = new Map<string, KnownKey>();
  #counter = -1;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #checking: Promise<void> | undefined;
  /** Counts clearances: what was being read when one came is not kept. */
  #epoch = 0;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /** The key of a name, if it is known and nothing has to be looked up. `now` is the clock's. */
  warm(name: unknown, now: number): KnownKey | undefined {
    return this.#current(typeof name === "string" ? this.#byName.get(name) : undefined, now);
  }

  /** The key of a version, likewise. */
  warmVersion(versionId: string, now: number): KnownKey | undefined {
    return this.#current(this.#byVersion.get(versionId), now);
  }

  #current(known: KnownKey | undefined, now: number): KnownKey | undefined {
    if (known === undefined || now >= known.validUntil) return undefined;
    return performance.now() - this.#checkedAt < this.#options.checkMilliseconds ? known : undefined;
  }

  /** Forgets everything read so far. */
  clear(): void {
    this.#epoch++;
    this.#byName.clear();
    this.#byVersion.clear();
  }

  /** Looks at the change counter, if that was last done too long ago. */
  async refresh(): Promise<void> {
    if (performance.now() - this.#checkedAt < this.#options.checkMilliseconds) return;
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    await this.#checking;
  }

  async #check(): Promise<void> {
    // A loop of warm calls never leaves the microtask queue; here timers and sockets get their turn.
    await nextTurn();
    const checkedAt = performance.now();
    const counter = await this.#options.store.changeCounter();
    if (counter !== this.#counter) {
      await this.#options.store.read((rows) => requireSameRoot(rows, this.#options.keys));
      this.clear();
      this.#counter = counter;
    }
    this.#checkedAt = checkedAt;
  }

  /** The key a request names. `Forbidden.KeyNotFound` when there is none. */
  async resolve(name: unknown, parameter = "KeyId"): Promise<KnownKey> {
    const reference = keyReference(name, this.#options.realm, parameter);
    const known = await this.#find((rows) => keyOf(rows, reference));
    if (known.kept) remember(this.#byName, String(name), known.key);
    return known.key;
  }

  /** The key a version belongs to. */
  async resolveVersion(versionId: string): Promise<KnownKey> {
    const known = await this.#find(async (rows) => {
      const version = await rows.version(versionId);
      return version && rows.key(version.keyId);
    });
    if (known.kept) remember(this.#byVersion, versionId, known.key);
    return known.key;
  }

  async #find(find: (rows: TrustedReader) => Promise<KeyRow | undefined>) {
    await this.refresh();
    const epoch = this.#epoch;
    const { store, keys, now, settle } = this.#options;
    const read = () => store.read((rows) => find(new TrustedReader(rows, keys)));
    let row = await read();
    if (row !== undefined && now() >= validUntil(row)) {
      await settle(row);
      row = await read();
    }
    const current = keyAsOf(row, now());
    if (current === undefined) throw keyNotFound();
    const key: KnownKey = { row: current, validUntil: validUntil(current) };
    return { key, kept: epoch === this.#epoch && now() < key.validUntil };
  }
}

function remember(map: Map<string, KnownKey>, name: string, key: KnownKey): void {
  if (map.size >= MAX_KNOWN) map.clear();
  map.set(name, key);
}

export async function keyOf(rows: TrustedReader, reference: KeyReference): Promise<KeyRow | undefined> {
  if ("keyId" in reference) return rows.key(reference.keyId);
  const alias = await rows.alias(reference.aliasName);
  return alias && rows.key(alias.keyId);
}

export const ROOT_CHECK = "root-check";

/** Refuses a store whose root key is not the one in hand. */
export async function requireSameRoot(
  rows: { meta(name: string): Promise<Uint8Array | undefined> },
  keys: StoreKeys,
): Promise<void> {
  const check = await rows.meta(ROOT_CHECK);
  if (check !== undefined && equalInConstantTime(check, keys.rootCheck())) return;
  throw new LanelockError(
    "ERR_KEY",
    "The root key is not the one this store is kept under. If it was changed with rewrapStore, open the KMS with the new one.",
  );
}
