import { LanelockError } from "../errors.ts";
import { type AuditFailurePolicy, AuditLog } from "./audit/audit-log.ts";
import { ChainedFile } from "./audit/chained-file.ts";
import { type AuditFunction, type AuditSink, FunctionSink } from "./audit/sink.ts";
import { Core } from "./core.ts";
import { utf8 } from "./encoding.ts";
import type { Realm } from "./ids.ts";
import { KeyDirectory, ROOT_CHECK, requireSameRoot } from "./key-directory.ts";
import { type LoadedKeyLimits, LoadedKeys } from "./loaded-keys.ts";
import type {
  KeyProvider,
  KeyStore,
  KeyTransport,
  MaterialCipher,
  ProtectionLevel,
  StoreReader,
} from "./ports/index.ts";
import { type RootKey, rootKeySource } from "./root/root-key-sources.ts";
import { StoreKeys } from "./root/store-keys.ts";
import { settle } from "./transitions.ts";

export interface CacheOptions {
  /** Keys held ready for use; 1,000 when absent, 0 for none. */
  readonly maxKeys?: number | undefined;
  /** How long a key is held at most; 300 when absent. */
  readonly maxAgeSeconds?: number | undefined;
  /**
   * How long what was read from the store is used before its change counter is looked at again; 250 when absent. A change by
   * another process is obeyed by every call that begins later than that after it.
   */
  readonly checkMilliseconds?: number | undefined;
}

export interface KmsOptions {
  /** `sqlStore(…)` or `memoryStore()`. The KMS opens and closes it. */
  readonly store: KeyStore;
  /** 32 bytes, `{ file }`, `{ env }`, or a source such as `pkcs11Root(…)`. */
  readonly rootKey: RootKey;
  /** Brings keys of protection level HSM: `pkcs11(…)`. */
  readonly hsm?: KeyProvider | undefined;
  /** Brings keys of protection level EXTERNAL. */
  readonly external?: KeyProvider | undefined;
  /** What time it is; tests travel with it. The system's time when absent. */
  readonly clock?: (() => Date) | undefined;
  /**
   * A file for the audit log, or a function that takes its events; `false` for none. When absent: `<path>.audit.jsonl` next to
   * a store that is a file, and none for the others.
   */
  readonly audit?: string | AuditFunction | false | undefined;
  /** What to do while the audit log cannot be written: `fail` (the default) refuses operations, `continue` goes on. */
  readonly onAuditFailure?: AuditFailurePolicy | undefined;
  readonly cache?: CacheOptions | undefined;
  /** Seconds between sweeps that carry out due deletions, expiries and rotations; 60 when absent, `false` for none. */
  readonly sweepSeconds?: number | false | undefined;
  /** Allows keys to be made from given material under given ids. For tests and emulators. */
  readonly allowSeeding?: boolean | undefined;
  /** The region and account that ARNs name; `local` and `0` when absent. */
  readonly realm?: Partial<Realm> | undefined;
}

/** What the entry point brings, so that `kms/` itself knows no cipher. */
export interface BuiltIn {
  readonly cipher: MaterialCipher;
  readonly software: () => KeyProvider;
  readonly transport: KeyTransport;
}

export interface Opened {
  readonly core: Core;
  readonly close: () => Promise<void>;
}

const STORE_ID = "store-id";
export const ROOT_SEALED = "root-sealed";
export const CARRIED_KEYS = "carried-keys";

/** Opens the store, unlocks it, opens the providers and the audit log; undoes what it did when any of it fails. */
export async function openCore(options: KmsOptions, builtIn: BuiltIn): Promise<Opened> {
  const cleanup: (() => Promise<unknown>)[] = [];
  const close = async () => {
    const errors: unknown[] = [];
    for (const step of cleanup.splice(0).reverse()) await step().catch((error) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  };
  try {
    const core = await openParts(options, builtIn, (step) => cleanup.push(step));
    return { core, close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

type OnClose = (step: () => Promise<unknown>) => void;

async function openParts(options: KmsOptions, builtIn: BuiltIn, onClose: OnClose): Promise<Core> {
  const settings = checkedSettings(options);
  const { store } = options;
  await store.open();
  onClose(() => store.close());
  const keys = await unlockStore(store, options.rootKey, builtIn.cipher);
  onClose(async () => keys.dispose());
  const providers = new Map<ProtectionLevel, KeyProvider>();
  for (const provider of [builtIn.software(), options.hsm, options.external]) {
    if (provider === undefined) continue;
    await provider.open({
      storeId: keys.storeId,
      wrap: (binding, material) => keys.wrap(binding, material),
      unwrap: (binding, wrapped) => keys.unwrap(binding, wrapped),
    });
    onClose(() => provider.close());
    providers.set(provider.protectionLevel, provider);
  }
  const clock = options.clock ?? (() => new Date());
  const sink = await openSink(options, keys, () => clock().getTime());
  const audit = new AuditLog(sink, options.onAuditFailure ?? "fail");
  onClose(() => audit.close());
  const core = new Core({
    ...{
      store,
      keys,
      providers,
      transport: builtIn.transport,
      clock,
      audit,
      realm: settings.realm,
      allowSeeding: settings.allowSeeding,
    },
    cipherKeys: new LoadedKeys(settings.limits),
    asymmetricKeys: new LoadedKeys(settings.limits),
    makeDirectory: (made) => directoryOf(made, settings.checkMilliseconds),
  });
  onClose(async () => {
    core.cipherKeys.close();
    core.asymmetricKeys.close();
    await core.backgroundEnded();
  });
  return core;
}

function directoryOf(core: Core, checkMilliseconds: number): KeyDirectory {
  const { store, keys, realm } = core;
  return new KeyDirectory({
    ...{ store, keys, realm, checkMilliseconds },
    now: () => core.now(),
    // A rotation that cannot be done now leaves the key with its last version; the sweep reports and tries again.
    settle: (row) => settle(core, row).catch(() => undefined),
  });
}

interface Settings {
  readonly limits: LoadedKeyLimits;
  readonly checkMilliseconds: number;
  readonly realm: Realm;
  readonly allowSeeding: boolean;
}

function checkedSettings({ cache = {}, realm = {}, allowSeeding = false, store, clock }: KmsOptions): Settings {
  if (typeof store !== "object" || store === null || typeof store.open !== "function") {
    throw new LanelockError("ERR_ARGUMENT", "Kms.open needs a store: sqlStore({ path }) or memoryStore().");
  }
  if (clock !== undefined && typeof clock !== "function") {
    throw new LanelockError("ERR_ARGUMENT", "clock must be a function that returns a Date.");
  }
  const { regionId = "local", accountId = "0" } = realm;
  for (const part of [regionId, accountId]) {
    if (!/^[A-Za-z0-9-]{1,64}$/.test(part)) {
      throw new LanelockError("ERR_ARGUMENT", "realm.regionId and realm.accountId are letters, digits and hyphens.");
    }
  }
  return {
    limits: {
      maxKeys: count("cache.maxKeys", cache.maxKeys, 1_000),
      maxAgeMilliseconds: count("cache.maxAgeSeconds", cache.maxAgeSeconds, 300) * 1_000,
    },
    checkMilliseconds: count("cache.checkMilliseconds", cache.checkMilliseconds, 250),
    realm: { regionId, accountId },
    allowSeeding,
  };
}

function count(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return value;
  throw new LanelockError("ERR_ARGUMENT", `${name} must be a number, zero or more.`);
}

async function openSink(options: KmsOptions, keys: StoreKeys, now: () => number): Promise<AuditSink | undefined> {
  const { audit, store } = options;
  if (audit === false) return undefined;
  if (typeof audit === "function") return new FunctionSink(audit, keys);
  const path = audit ?? (store.path && `${store.path}.audit.jsonl`);
  if (path === undefined) return undefined;
  if (typeof path === "string" && path !== "") return ChainedFile.open({ path, store, keys, now });
  throw new LanelockError("ERR_ARGUMENT", "audit must be the path of a file, a function, or false.");
}

/** The keys of a store, made at its first opening. */
export async function unlockStore(store: KeyStore, rootKey: RootKey, cipher: MaterialCipher): Promise<StoreKeys> {
  const source = rootKeySource(rootKey);
  try {
    const stored = (await store.read(storedRoot)) ?? (await firstOpening(store, source, cipher));
    const { secret } = await source.unlock({ storeId: stored.storeId, sealed: stored.sealed });
    const keys = storeKeys(stored.storeId, secret, cipher);
    try {
      await store.read((rows) => requireSameRoot(rows, keys));
      if (stored.carried) keys.adoptCarried(stored.carried);
      return keys;
    } catch (error) {
      keys.dispose();
      throw error;
    }
  } finally {
    await source.close?.();
  }
}

/** The keys of a store; the secret, which they do not need any more, is wiped. */
export function storeKeys(storeId: string, secret: Uint8Array, cipher: MaterialCipher): StoreKeys {
  try {
    return new StoreKeys(storeId, secret, cipher);
  } finally {
    secret.fill(0);
  }
}

interface StoredRoot {
  readonly storeId: string;
  readonly sealed: Uint8Array | undefined;
  readonly carried: Uint8Array | undefined;
}

export async function storedRoot(rows: StoreReader): Promise<StoredRoot | undefined> {
  const storeId = await rows.meta(STORE_ID);
  if (storeId === undefined) return undefined;
  const [sealed, carried] = [await rows.meta(ROOT_SEALED), await rows.meta(CARRIED_KEYS)];
  // Empty: the root key that had it was changed for one that keeps nothing in the store.
  return { storeId: new TextDecoder().decode(storeId), sealed: sealed?.length ? sealed : undefined, carried };
}

type Source = ReturnType<typeof rootKeySource>;

/** Of two processes at the first opening one makes the store, and the other finds it made. */
async function firstOpening(store: KeyStore, source: Source, cipher: MaterialCipher): Promise<StoredRoot> {
  const storeId = crypto.randomUUID();
  const { secret, sealed } = await source.unlock({ storeId });
  const keys = storeKeys(storeId, secret, cipher);
  const check = keys.rootCheck();
  keys.dispose();
  return store.write(async (rows) => {
    const made = await storedRoot(rows);
    if (made) return made;
    await rows.putMeta(STORE_ID, utf8(storeId));
    await rows.putMeta(ROOT_CHECK, check);
    if (sealed) await rows.putMeta(ROOT_SEALED, sealed);
    return { storeId, sealed, carried: undefined };
  });
}
