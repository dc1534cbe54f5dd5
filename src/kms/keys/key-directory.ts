import { nextTurn } from "../../shared/pause.ts";
import { performance } from "../../shared/timers.ts";
import { keyAsOf, validUntil } from "../policy/due.ts";
import { keyNotFound } from "../ports/errors.ts";
import type { KeyRow } from "../ports/index.ts";
import type { TrustedReader } from "../rows/trusted-reader.ts";
import type { TrustedStore } from "../rows/trusted-store.ts";
import { type KeyReference, keyReference, type Realm } from "../wire/ids.ts";

/** A key as it was read. Valid while the directory is fresh and the clock is before `validUntil` (ms). */
export interface KnownKey {
  readonly row: KeyRow;
  readonly validUntil: number;
}

const MAX_KNOWN = 20_000;

export interface DirectoryOptions {
  readonly rows: TrustedStore;
  readonly realm: Realm;
  readonly now: () => number;
  /** How long rows may be used before the store's generation is checked again. */
  readonly checkMilliseconds: number;
  /** Runs a key's due transition. Where that fails, callers see the key as if it had succeeded. */
  readonly settle: (row: KeyRow) => Promise<void>;
}

/**
 * The keys this process has read, by every name used for them and by key version. Two rules keep it current:
 *
 * - nothing is used for longer than `checkMilliseconds` after the store's generation was last seen unchanged, so every call that
 *   begins later than that obeys a change by another process;
 * - a change by this process clears the directory before the change is acknowledged.
 */
export class KeyDirectory {
  readonly #options: DirectoryOptions;
  readonly #byName = new Map<string, KnownKey>();
  readonly #byVersion = new Map<string, KnownKey>();
  #generation = -1;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #checking: Promise<void> | undefined;
  /** Counts clearances. A row whose read spans one is used once and not kept. */
  #epoch = 0;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /** The key that a name refers to, if no look-up is needed. `now` is the time of the KMS's clock. */
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

  /** Names and versions whose keys are known. */
  get size(): number {
    return this.#byName.size + this.#byVersion.size;
  }

  /** Forgets everything read so far. */
  clear(): void {
    this.#epoch++;
    this.#byName.clear();
    this.#byVersion.clear();
  }

  /** Checks the store's generation, unless that was done less than `checkMilliseconds` ago. */
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
    const generation = await this.#options.rows.generation();
    if (generation !== this.#generation) {
      this.clear();
      this.#generation = generation;
    }
    this.#checkedAt = checkedAt;
  }

  /** The key that a request names. `Forbidden.KeyNotFound` if there is none. */
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
    const { rows, now, settle } = this.#options;
    const read = () => rows.read(find);
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
