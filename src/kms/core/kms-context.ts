import { LanelockError } from "../../errors.ts";
import { Mutex } from "../../shared/locks/mutex.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import { type PendingEvent, pendingEvent } from "../audit/event.ts";
import type { CachedAsymmetricKey, CachedCipherKey } from "../keys/cached-key.ts";
import type { KeyCache } from "../keys/key-cache.ts";
import { type KeyDirectory, requireSameRoot } from "../keys/key-directory.ts";
import { KmsError, outcomeOf, publicError } from "../ports/errors.ts";
import type { KeyProvider, KeyStore, KeyTransport, ProtectionLevel } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { TrustedReader } from "../rows/trusted-reader.ts";
import { TrustedWriter } from "../rows/trusted-writer.ts";
import type { Realm } from "../wire/ids.ts";

export interface KmsContextParts {
  readonly store: KeyStore;
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

/** What the operations of one open KMS share. */
export class KmsContext {
  readonly store: KeyStore;
  readonly keys: StoreKeys;
  readonly realm: Realm;
  readonly allowSeeding: boolean;
  readonly audit: AuditLog;
  readonly transport: KeyTransport;
  /** Imports whose failures are counted happen one at a time. */
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
    this.store = parts.store;
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
    const now = this.#clock().getTime();
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
    return this.store.read((rows) => work(new TrustedReader(rows, this.keys)));
  }

  /**
   * Changes rows, with the audit event durable before the change is: if the event cannot be written, nothing changed. What
   * this process knew of keys is forgotten before the change is acknowledged.
   */
  async change<T>(event: PendingEvent, work: (rows: TrustedWriter) => Promise<T>): Promise<T> {
    await this.audit.ready();
    try {
      return await this.store.write(async (rows) => {
        await requireSameRoot(rows, this.keys);
        const result = await work(new TrustedWriter(rows, this.keys));
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

  /** Does what time has brought about, which leaves its event also when it fails: that is on disk before the failure is told. */
  async runAsSystem<T>(event: PendingEvent, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      event.outcome = outcomeOf(publicError(error, undefined));
      if (event.outcome !== "ERR_AUDIT") await this.audit.commit(event).catch(() => undefined);
      throw error;
    }
  }

  /** Runs something nobody waits for; `close` does. What fails in it is for itself to report. */
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
