import { LanelockError } from "../../errors.ts";
import { Mutex } from "../../shared/locks/mutex.ts";
import { readClock } from "../../shared/read-clock.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import { type PendingEvent, pendingEvent } from "../audit/event.ts";
import type { CachedAsymmetricKey, CachedCipherKey } from "../keys/cached-key.ts";
import type { KeyCache } from "../keys/key-cache.ts";
import type { KeyDirectory } from "../keys/key-directory.ts";
import { KmsError, outcomeOf, publicError } from "../ports/errors.ts";
import type { KeyProvider, KeyTransport, ProtectionLevel } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import type { TrustedReader } from "../rows/trusted-reader.ts";
import type { TrustedStore } from "../rows/trusted-store.ts";
import type { TrustedWriter } from "../rows/trusted-writer.ts";
import type { Realm } from "../wire/ids.ts";

export interface KmsContextParts {
  readonly rows: TrustedStore;
  readonly keys: StoreKeys;
  readonly realm: Realm;
  readonly providers: ReadonlyMap<ProtectionLevel, KeyProvider>;
  readonly transport: KeyTransport;
  readonly clock: () => Date;
  readonly allowSeeding: boolean;
}

/** The option of `Kms.open` that brings the provider of a protection level. */
const PROVIDER_OPTION: Readonly<Record<ProtectionLevel, string>> = {
  SOFTWARE: "rootKey",
  HSM: "hsm",
  EXTERNAL: "external",
};

/** The parts of one open KMS that its operations share. */
export class KmsContext {
  readonly rows: TrustedStore;
  readonly keys: StoreKeys;
  readonly realm: Realm;
  readonly allowSeeding: boolean;
  readonly audit: AuditLog;
  readonly transport: KeyTransport;
  /** Imports whose failures are counted run one at a time. */
  readonly importTurn = new Mutex();
  readonly directory: KeyDirectory;
  readonly cipherKeys: KeyCache<CachedCipherKey>;
  readonly asymmetricKeys: KeyCache<CachedAsymmetricKey>;
  readonly #providers: ReadonlyMap<ProtectionLevel, KeyProvider>;
  readonly #clock: () => Date;
  readonly #background = new Set<Promise<unknown>>();

  constructor(
    parts: KmsContextParts & {
      audit: AuditLog;
      makeDirectory: (core: KmsContext) => KeyDirectory;
      cipherKeys: KeyCache<CachedCipherKey>;
      asymmetricKeys: KeyCache<CachedAsymmetricKey>;
    },
  ) {
    this.rows = parts.rows;
    this.keys = parts.keys;
    this.realm = parts.realm;
    this.allowSeeding = parts.allowSeeding;
    this.audit = parts.audit;
    this.transport = parts.transport;
    this.cipherKeys = parts.cipherKeys;
    this.asymmetricKeys = parts.asymmetricKeys;
    this.#providers = parts.providers;
    this.#clock = parts.clock;
    this.directory = parts.makeDirectory(this);
  }

  /** The injectable clock, in milliseconds since 1970. */
  now(): number {
    const now = readClock(this.#clock);
    if (Number.isFinite(now)) return now;
    throw new LanelockError("ERR_ARGUMENT", "The clock given to Kms.open returned no valid Date.");
  }

  provider(level: ProtectionLevel): KeyProvider {
    const provider = this.#providers.get(level);
    if (provider) return provider;
    throw new KmsError(
      "UnsupportedOperation",
      `This action is not supported. Keys of protection level ${level} need a provider: open the KMS with the option ` +
        `"${PROVIDER_OPTION[level]}".`,
    );
  }

  get providers(): Iterable<KeyProvider> {
    return this.#providers.values();
  }

  read<T>(work: (rows: TrustedReader) => Promise<T>): Promise<T> {
    return this.rows.read(work);
  }

  /**
   * Changes rows. The audit event is durable before the change: if the event cannot be written, nothing changes. The
   * directory is cleared before the change is acknowledged.
   */
  async change<T>(event: PendingEvent, work: (rows: TrustedWriter) => Promise<T>): Promise<T> {
    await this.audit.ready();
    try {
      return await this.rows.write(async (rows) => {
        const result = await work(rows);
        await this.audit.commit(event);
        return result;
      });
    } finally {
      this.directory.clear();
    }
  }

  systemEvent(operation: string, keyId: string): PendingEvent {
    const event = pendingEvent(this.now(), "system", operation);
    event.keyId = keyId;
    return event;
  }

  /** Runs a due transition. A failure is audited before it is thrown. */
  async runAsSystem<T>(event: PendingEvent, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      event.outcome = outcomeOf(publicError(error, undefined));
      if (event.outcome !== "ERR_AUDIT") await this.audit.commit(event).catch(() => undefined);
      throw error;
    }
  }

  /** Runs a task that only `close` waits for. The task reports its own failures. */
  inBackground(task: Promise<unknown>): void {
    const settled = task
      .catch(() => undefined)
      .finally(() => {
        this.#background.delete(settled);
      });
    this.#background.add(settled);
  }

  async backgroundEnded(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }
}
