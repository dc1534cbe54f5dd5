import { LanelockError, type LanelockErrorCode } from "../../errors.ts";
import { utf8 } from "../../shared/encoding.ts";
import { randomUuid } from "../../shared/random.ts";
import { readClock } from "../../shared/read-clock.ts";
import { messageOf } from "../../shared/thrown.ts";
import { textOf } from "../../shared/utf8.ts";
import { AuditLog } from "../audit/audit-log.ts";
import { ChainedFile } from "../audit/chained-file.ts";
import { type AuditSink, FunctionSink } from "../audit/sink.ts";
import { KmsContext } from "../core/kms-context.ts";
import { KeyCache } from "../keys/key-cache.ts";
import { KeyDirectory } from "../keys/key-directory.ts";
import { settle } from "../life-cycle/transitions.ts";
import type {
  KeyBinding,
  KeyProvider,
  KeyStore,
  KeyTransport,
  MaterialCipher,
  ProtectionLevel,
  RootKeySource,
  StoreReader,
  UnlockedRoot,
  UnlockRequest,
} from "../ports/index.ts";
import { CARRIED_KEYS, CLOSED_CHAINS, ROOT_CHECK, ROOT_SEALED, STORE_ID } from "../root/metadata.ts";
import { isOfFirstFormat, requireSameRoot } from "../root/root-check.ts";
import { ROOT_KEY_LENGTH } from "../root/root-key-sources.ts";
import { StoreKeys } from "../root/store-keys.ts";
import { OutsideAnchor } from "../rows/outside-anchor.ts";
import { beginState } from "../rows/scan.ts";
import { TrustedStore } from "../rows/trusted-store.ts";
import { GuardedProvider } from "./guarded-provider.ts";
import type { Settings } from "./options.ts";
import { upgradeStore } from "./upgrade-store.ts";

/** The parts that need a cipher. They are passed in because the rest of `kms/` imports none. */
export interface BuiltIn {
  readonly cipher: MaterialCipher;
  readonly software: () => KeyProvider;
  readonly transport: KeyTransport;
}

export interface Opened {
  readonly core: KmsContext;
  readonly close: () => Promise<void>;
}

/** Opens the store, unlocks and checks it, and opens the providers and the audit log. Closes what it opened if a step fails. */
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
  const { clock } = settings;
  const { keys, rows } = await openStore(settings, builtIn, onClose);
  const providers = new Map<ProtectionLevel, KeyProvider>();
  const own = settings.providers.map((provider) => new GuardedProvider(provider));
  for (const provider of [builtIn.software(), ...own]) {
    const services = {
      storeId: keys.storeId,
      wrap: (binding: KeyBinding, material: Uint8Array) => keys.wrap(binding, material),
      unwrap: (binding: KeyBinding, wrapped: Uint8Array) => keys.unwrap(binding, wrapped),
    };
    await provider.open(services);
    onClose(() => provider.close());
    providers.set(provider.protectionLevel, provider);
  }
  const sink = await openSink(settings, { keys, rows }, () => readClock(clock));
  const audit = new AuditLog(sink, settings.onAuditFailure);
  onClose(() => audit.close());
  const core = new KmsContext({
    ...{
      rows,
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

export interface OpenedStore {
  readonly keys: StoreKeys;
  readonly rows: TrustedStore;
}

async function openStore(settings: Settings, builtIn: BuiltIn, onClose: OnClose): Promise<OpenedStore> {
  const { rows, keys } = await unlockedStore(settings, builtIn, onClose);
  await rows.load();
  if (rows.isClosed) {
    const message = "The root key of the store is being changed. Try again in a minute, with the new one.";
    throw new LanelockError("ERR_STATE", message);
  }
  return { rows, keys };
}

/** The store with its keys, before its rows are compared with its state. */
export async function unlockedStore(
  { store, root, anchor: place }: Settings,
  { cipher }: BuiltIn,
  onClose: OnClose,
): Promise<OpenedStore> {
  try {
    await ours("ERR_STORE", "The store", () => store.open());
    onClose(() => store.close());
    const anchor = place && new OutsideAnchor(place);
    const keys = await unlockStore(store, root, { cipher, anchor });
    onClose(async () => keys.dispose());
    return { keys, rows: new TrustedStore(store, keys, anchor) };
  } finally {
    await root.close?.();
  }
}

function directoryOf(core: KmsContext, checkMilliseconds: number): KeyDirectory {
  const { rows, realm } = core;
  return new KeyDirectory({
    ...{ rows, realm, checkMilliseconds },
    now: () => core.now(),
    // If a rotation fails, the key keeps its last version; the sweep reports it and tries again.
    settle: (row) => settle(core, row).catch(() => undefined),
  });
}

async function openSink(
  { audit, store }: Settings,
  { keys, rows }: OpenedStore,
  now: () => number,
): Promise<AuditSink | undefined> {
  if (audit === false) return undefined;
  if (typeof audit === "function") return new FunctionSink(audit, keys);
  const path = audit ?? (store.path && `${store.path}.audit.jsonl`);
  return path === undefined ? undefined : ChainedFile.open({ path, store: rows, keys, now });
}

interface Unlocking {
  readonly cipher: MaterialCipher;
  readonly anchor: OutsideAnchor | undefined;
}

/** The keys of a store, which is made at its first opening, and upgraded at the first opening by this version. */
async function unlockStore(store: KeyStore, root: RootKeySource, unlocking: Unlocking): Promise<StoreKeys> {
  const { cipher } = unlocking;
  const stored = (await store.read(storedRoot)) ?? (await firstOpening(store, root, unlocking));
  const { secret } = await unlock(root, { storeId: stored.storeId, sealed: stored.sealed });
  const keys = storeKeys(stored.storeId, secret, cipher);
  try {
    if (await store.read((rows) => isOfFirstFormat(rows, keys))) await upgradeStore(store, keys);
    await store.read(async (rows) => {
      await requireSameRoot(rows, keys);
      const [carried, closed] = [await rows.meta(CARRIED_KEYS), await rows.meta(CLOSED_CHAINS)];
      if (carried) keys.adoptCarried(carried);
      if (closed) keys.adoptClosedChains(closed);
    });
    return keys;
  } catch (error) {
    keys.dispose();
    throw error;
  }
}

/** A caller's own store, provider or root key source may throw anything: other errors are wrapped in ours. */
async function ours<T>(code: LanelockErrorCode, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof LanelockError) throw cause;
    throw new LanelockError(code, `${what} could not be opened: ${messageOf(cause)}`, { cause });
  }
}

/** @throws LanelockError `ERR_KEY`, also for a source that gives no secret of 32 bytes */
export async function unlock(source: RootKeySource, request: UnlockRequest): Promise<UnlockedRoot> {
  const unlocked = await ours("ERR_KEY", `The root key (${source.name})`, () => source.unlock(request));
  const secret: unknown = unlocked?.secret;
  if (ArrayBuffer.isView(secret) && secret.byteLength === ROOT_KEY_LENGTH) return unlocked;
  throw new LanelockError("ERR_KEY", `The root key source (${source.name}) must give a secret of 32 bytes.`);
}

/** The keys of a store. Wipes the secret, which is not needed any more. */
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
}

export async function storedRoot(rows: StoreReader): Promise<StoredRoot | undefined> {
  const storeId = await rows.meta(STORE_ID);
  if (storeId === undefined) return undefined;
  const sealed = await rows.meta(ROOT_SEALED);
  // Empty after a change to a root key source that keeps nothing in the store.
  return { storeId: textOf(storeId), sealed: sealed?.length ? sealed : undefined };
}

/**
 * If two processes open a new store at once, one makes it and the other finds it. A root key source that knows its store may refuse the
 * other, whose store will not be made.
 */
async function firstOpening(
  store: KeyStore,
  source: RootKeySource,
  { cipher, anchor }: Unlocking,
): Promise<StoredRoot> {
  await anchor?.requireUnused();
  const storeId = randomUuid();
  const unlocked = await unlock(source, { storeId }).catch(async (error) => {
    const made = await store.read(storedRoot);
    if (made === undefined) throw error;
    return made;
  });
  if ("storeId" in unlocked) return unlocked;
  const { secret, sealed } = unlocked;
  const keys = storeKeys(storeId, secret, cipher);
  try {
    return await store.write(async (rows) => {
      const made = await storedRoot(rows);
      if (made) return made;
      await rows.putMeta(STORE_ID, utf8(storeId));
      await rows.putMeta(ROOT_CHECK, keys.rootCheck());
      if (sealed) await rows.putMeta(ROOT_SEALED, sealed);
      await beginState(rows, keys);
      return { storeId, sealed };
    });
  } finally {
    keys.dispose();
  }
}
