import { performance } from "../../shared/timers.ts";
import type { AccessKey } from "./access-key-document.ts";
import { type Policy, readPolicy } from "./policy-document.ts";

export interface KnownAccessKey extends AccessKey {
  readonly rules: Policy;
}

export interface AccessKeySource {
  secrets(): Promise<readonly AccessKey[]>;
  /** Changes with every change of the store, by any process. */
  generation(): Promise<number>;
}

/**
 * The access keys in memory. Checks for changes by other processes when the last check is older than `checkMilliseconds`, and reads
 * again after every change of the store. So an access key that any process disables or deletes is refused everywhere within that
 * time.
 */
export class AccessKeyCache {
  readonly #source: AccessKeySource;
  readonly #checkMilliseconds: number;
  #known: ReadonlyMap<string, KnownAccessKey> = new Map();
  #generation: number | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;
  #epoch = 0;

  constructor(source: AccessKeySource, checkMilliseconds: number) {
    this.#source = source;
    this.#checkMilliseconds = checkMilliseconds;
  }

  /** Synchronous while the last check is fresh. */
  find(accessKeyId: string): KnownAccessKey | undefined | Promise<KnownAccessKey | undefined> {
    if (performance.now() - this.#checkedAt < this.#checkMilliseconds) return this.#known.get(accessKeyId);
    return this.#refreshed().then(() => this.#known.get(accessKeyId));
  }

  /** Forces a new check: one that has already begun may have missed the change. */
  expire(): void {
    this.#checkedAt = Number.NEGATIVE_INFINITY;
    this.#refreshing = undefined;
    this.#epoch++;
  }

  /** Forgets the secrets. */
  close(): void {
    this.#known = new Map();
    this.#generation = undefined;
    this.expire();
  }

  #refreshed(): Promise<void> {
    if (this.#refreshing !== undefined) return this.#refreshing;
    const refreshing = this.#refresh().finally(() => {
      if (this.#refreshing === refreshing) this.#refreshing = undefined;
    });
    this.#refreshing = refreshing;
    return refreshing;
  }

  async #refresh(): Promise<void> {
    const [startedAt, epoch] = [performance.now(), this.#epoch];
    const generation = await this.#source.generation();
    if (generation !== this.#generation) {
      const rows = await this.#source.secrets();
      if (epoch !== this.#epoch) return;
      this.#known = new Map(rows.map((row) => [row.accessKeyId, { ...row, rules: readPolicy(row.policy) }]));
      this.#generation = generation;
    }
    if (epoch === this.#epoch) this.#checkedAt = startedAt;
  }
}
