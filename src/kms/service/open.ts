import { utf8 } from "../../shared/encoding.ts";
import { AuditLog } from "../audit/audit-log.ts";
import { ChainedFile } from "../audit/chained-file.ts";
import { type AuditSink, FunctionSink } from "../audit/sink.ts";
import { KmsContext } from "../core/kms-context.ts";
import { KeyCache } from "../keys/key-cache.ts";
import { KeyDirectory, ROOT_CHECK, requireSameRoot } from "../keys/key-directory.ts";
import { settle } from "../life-cycle/transitions.ts";
import type {
  KeyProvider,
  KeyStore,
  KeyTransport,
  MaterialCipher,
  ProtectionLevel,
  RootKeySource,
  StoreReader,
} from "../ports/index.ts";
import { StoreKeys } from "../root/store-keys.ts";
import type { Settings } from "./options.ts";

/** What the entry point brings, so that `kms/` itself knows no cipher. */
export interface BuiltIn {
  readonly cipher: MaterialCipher;
  readonly software: () => KeyProvider;
  readonly transport: KeyTransport;
}

export interface Opened {
  readonly core: KmsContext;
  readonly close: () => Promise<void>;
}

const STORE_ID = "store-id";
export const ROOT_SEALED = "root-sealed";
export const CARRIED_KEYS = "carried-keys";

/** Opens the store, unlocks it, opens the providers and the audit log; undoes what it did when any of it fails. */
export async function openCore(settings: Settings, builtIn: BuiltIn): Promise<Opened> {
  const cleanup: (() => Promise<unknown>)[] = [];
  const close = async () => {
    const errors: unknown[] = [];
    for (const step of cleanup.splice(0).reverse()) await step().catch((error) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  };
  try {
    const core = await openParts(settings, builtIn, (step) => cleanup.push(step));
    return { core, close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

type OnClose = (step: () => Promise<unknown>) => void;

async function openParts(settings: Settings, builtIn: BuiltIn, onClose: OnClose): Promise<KmsContext> {
  const { store, clock } = settings;
  const keys = await openStore(settings, builtIn, onClose);
  onClose(async () => keys.dispose());
  const providers = new Map<ProtectionLevel, KeyProvider>();
  for (const provider of [builtIn.software(), ...settings.providers]) {
    await provider.open({
      storeId: keys.storeId,
      wrap: (binding, material) => keys.wrap(binding, material),
      unwrap: (binding, wrapped) => keys.unwrap(binding, wrapped),
    });
    onClose(() => provider.close());
    providers.set(provider.protectionLevel, provider);
  }
  const sink = await openSink(settings, keys, () => clock().getTime());
  const audit = new AuditLog(sink, settings.onAuditFailure);
  onClose(() => audit.close());
  const core = new KmsContext({
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
    cipherKeys: new KeyCache(settings.limits),
    asymmetricKeys: new KeyCache(settings.limits),
    makeDirectory: (made) => directoryOf(made, settings.checkMilliseconds),
  });
  onClose(async () => {
    core.cipherKeys.close();
    core.asymmetricKeys.close();
    await core.backgroundEnded();
  });
  return core;
}

async function openStore({ store, root }: Settings, { cipher }: BuiltIn, onClose: OnClose): Promise<StoreKeys> {
  try {
    await store.open();
    onClose(() => store.close());
    return await unlockStore(store, root, cipher);
  } finally {
    await root.close?.();
  }
}

function directoryOf(core: KmsContext, checkMilliseconds: number): KeyDirectory {
  const { store, keys, realm } = core;
  return new KeyDirectory({
    ...{ store, keys, realm, checkMilliseconds },
    now: () => core.now(),
    // A rotation that cannot be done now leaves the key with its last version; the sweep reports and tries again.
    settle: (row) => settle(core, row).catch(() => undefined),
  });
}

async function openSink(
  { audit, store }: Settings,
  keys: StoreKeys,
  now: () => number,
): Promise<AuditSink | undefined> {
  if (audit === false) return undefined;
  if (typeof audit === "function") return new FunctionSink(audit, keys);
  const path = audit ?? (store.path && `${store.path}.audit.jsonl`);
  return path === undefined ? undefined : ChainedFile.open({ path, store, keys, now });
}

/** The keys of a store, made at its first opening. */
async function unlockStore(store: KeyStore, root: RootKeySource, cipher: MaterialCipher): Promise<StoreKeys> {
  const stored = (await store.read(storedRoot)) ?? (await firstOpening(store, root, cipher));
  const { secret } = await root.unlock({ storeId: stored.storeId, sealed: stored.sealed });
  const keys = storeKeys(stored.storeId, secret, cipher);
  try {
    await store.read((rows) => requireSameRoot(rows, keys));
    if (stored.carried) keys.adoptCarried(stored.carried);
    return keys;
  } catch (error) {
    keys.dispose();
    throw error;
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

/** Of two processes at the first opening one makes the store, and the other finds it made. */
async function firstOpening(store: KeyStore, source: RootKeySource, cipher: MaterialCipher): Promise<StoredRoot> {
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
