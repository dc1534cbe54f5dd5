import { LanelockError } from "../../errors.ts";
import { readClock } from "../../shared/read-clock.ts";
import type { AuditFailurePolicy } from "../audit/audit-log.ts";
import type { AuditFunction } from "../audit/sink.ts";
import type { KeyCacheLimits } from "../keys/key-cache.ts";
import type { KeyProvider, KeyStore, ProtectionLevel, RootKeySource } from "../ports/index.ts";
import { type RootKey, rootKeySource } from "../root/root-key-sources.ts";
import type { AnchorParts } from "../rows/outside-anchor.ts";
import type { Realm } from "../wire/ids.ts";
import { anchorFile } from "./anchor-file.ts";

export interface CacheOptions {
  /** Keys held ready for use; 1,000 when absent, 0 for none. */
  readonly maxKeys?: number | undefined;
  /** How long a key is held at most; 300 when absent. */
  readonly maxAgeSeconds?: number | undefined;
  /**
   * How long a process uses rows before it checks the store again; 250 when absent. Every call that begins later than that obeys a
   * change by another process.
   */
  readonly checkMilliseconds?: number | undefined;
}

/** A file, or functions that read and write one short text; `write` has it on disk when it resolves. */
export type AnchorOption = { readonly begin?: boolean | undefined } & (
  | { readonly file: string }
  | {
      readonly read: () => string | undefined | Promise<string | undefined>;
      readonly write: (text: string) => void | Promise<void>;
    }
);

export interface KmsOptions {
  /** `sqlStore(…)`, in a page `indexedDbStore(…)`, or `memoryStore()`. The KMS opens and closes it. */
  readonly store: KeyStore;
  /** 32 bytes, `{ file }`, `{ env }`, or a source such as `pkcs11Root(…)` or, in a page, `browserRoot(…)`. */
  readonly rootKey: RootKey;
  /** Brings keys of protection level HSM: `pkcs11(…)`. */
  readonly hsm?: KeyProvider | undefined;
  /** Brings keys of protection level EXTERNAL. */
  readonly external?: KeyProvider | undefined;
  /** The current time, for tests that travel in time. The system's time when absent. */
  readonly clock?: (() => Date) | undefined;
  /**
   * A file for the audit log, or a function that takes its events; `false` for none. When absent: `<path>.audit.jsonl` next to
   * a store that is a file, and none for the others.
   */
  readonly audit?: string | AuditFunction | false | undefined;
  /** What to do while the audit log cannot be written: `fail` (the default) refuses operations, `continue` goes on. */
  readonly onAuditFailure?: AuditFailurePolicy | undefined;
  /**
   * Records the latest state of the store outside it, so that the rollback of a whole store is noticed: in a file on another disk, or
   * through two functions. `begin: true` accepts the store as it is, after you restored a backup on purpose.
   */
  readonly anchor?: AnchorOption | undefined;
  readonly cache?: CacheOptions | undefined;
  /**
   * Seconds between sweeps that carry out due deletions, expiries and rotations, 0.001 to 2,147,483; 60 when absent, `false` for
   * none.
   */
  readonly sweepSeconds?: number | false | undefined;
  /** Allows keys to be made from given material under given ids. For tests and emulators. */
  readonly allowSeeding?: boolean | undefined;
  /** The region and account that ARNs name; `local` and `0` when absent. Each 1 to 64 letters, digits and hyphens. */
  readonly realm?: Partial<Realm> | undefined;
}

/** The checked options, with defaults for absent ones. */
export interface Settings {
  readonly store: KeyStore;
  /** To be closed once the store is unlocked. */
  readonly root: RootKeySource;
  readonly providers: readonly KeyProvider[];
  readonly clock: () => Date;
  readonly audit: string | AuditFunction | false | undefined;
  readonly onAuditFailure: AuditFailurePolicy;
  readonly anchor: AnchorParts | undefined;
  readonly limits: KeyCacheLimits;
  readonly checkMilliseconds: number;
  readonly sweepMilliseconds: number | false;
  readonly allowSeeding: boolean;
  readonly realm: Realm;
}

const NAMES: Readonly<Record<keyof KmsOptions, true>> = {
  ...{ store: true, rootKey: true, hsm: true, external: true, clock: true, audit: true, onAuditFailure: true },
  ...{ anchor: true, cache: true, sweepSeconds: true, allowSeeding: true, realm: true },
};
const CACHE_NAMES: Readonly<Record<keyof CacheOptions, true>> = {
  ...{ maxKeys: true, maxAgeSeconds: true, checkMilliseconds: true },
};
const REALM_NAMES: Readonly<Record<keyof Realm, true>> = { regionId: true, accountId: true };

const STORE_METHODS = ["open", "close", "read", "write", "claim", "scrub"];
const PROVIDER_METHODS = [
  ...["open", "close", "capabilities", "createKey", "importKey", "destroyKey"],
  ...["loadCipherKey", "loadAsymmetricKey", "rewrap"],
];

/** The longest delay of a timer; a longer one would fire at once. */
const MAX_SWEEP_SECONDS = 2_147_483;
const MIN_SWEEP_SECONDS = 0.001;
const DEFAULT_SWEEP_SECONDS = 60;

/**
 * Reads the options of `Kms.open` before anything is opened.
 *
 * @throws LanelockError `ERR_ARGUMENT` that names the option; `ERR_KEY` for a root key that is not 32 bytes
 */
export function checkedOptions(given: unknown): Settings {
  const options = fields(given, "the options of Kms.open", "", NAMES);
  const { store, hsm, external, clock, audit, onAuditFailure, sweepSeconds, allowSeeding } = options;
  const cache = fields(options.cache === undefined ? {} : options.cache, "cache", "cache.", CACHE_NAMES);
  const realm = fields(options.realm === undefined ? {} : options.realm, "realm", "realm.", REALM_NAMES);
  const settings = {
    store: storeOf(store),
    providers: [...providerOf(hsm, "hsm", "HSM"), ...providerOf(external, "external", "EXTERNAL")],
    clock: clockOf(clock),
    audit: auditOf(audit),
    onAuditFailure: policyOf(onAuditFailure),
    anchor: anchorOf(options.anchor),
    limits: {
      maxKeys: wholeNumber(cache.maxKeys, "cache.maxKeys", 1_000),
      maxAgeMilliseconds: positive(cache.maxAgeSeconds, "cache.maxAgeSeconds", 300) * 1_000,
    },
    checkMilliseconds: positive(cache.checkMilliseconds, "cache.checkMilliseconds", 250),
    sweepMilliseconds: sweepOf(sweepSeconds),
    allowSeeding: flag(allowSeeding, "allowSeeding"),
    realm: {
      regionId: realmPart(realm.regionId, "realm.regionId", "local"),
      accountId: realmPart(realm.accountId, "realm.accountId", "0"),
    },
  };
  // Last, since it may hold a copy of the key.
  return { ...settings, root: rootKeySource(options.rootKey, "rootKey") };
}

function wrong(name: string, rule: string): LanelockError {
  return new LanelockError("ERR_ARGUMENT", `The option ${name} of Kms.open must be ${rule}.`);
}

/** A copy of an object's fields. Refuses names that are not in `known`. */
function fields<Name extends string>(
  given: unknown,
  what: string,
  prefix: string,
  known: Readonly<Record<Name, true>>,
): Partial<Record<Name, unknown>> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new LanelockError("ERR_ARGUMENT", `${what} must be an object with: ${Object.keys(known).join(", ")}.`);
  }
  const read = copied(given, what);
  if (hasOnly(read, known)) return read;
  const unknown = Object.keys(read).find((name) => !Object.hasOwn(known, name)) ?? "";
  throw unknownName(unknown, prefix, Object.keys(known));
}

function hasOnly<Name extends string>(
  read: object,
  known: Readonly<Record<Name, true>>,
): read is Partial<Record<Name, unknown>> {
  return Object.keys(read).every((name) => Object.hasOwn(known, name));
}

function copied(given: object, what: string): object {
  try {
    return { ...given };
  } catch (cause) {
    throw new LanelockError("ERR_ARGUMENT", `${what} cannot be read.`, { cause });
  }
}

function unknownName(name: string, prefix: string, known: readonly string[]): LanelockError {
  const meant = known.find((one) => one.toLowerCase() === name.toLowerCase());
  const hint = meant === undefined ? `There are: ${known.join(", ")}.` : `Did you mean "${meant}"?`;
  return new LanelockError("ERR_ARGUMENT", `Kms.open has no option "${prefix}${name}". ${hint}`);
}

function hasMethods(value: unknown, methods: readonly string[]): value is object {
  return (
    typeof value === "object" &&
    value !== null &&
    methods.every((name) => typeof Reflect.get(value, name) === "function")
  );
}

function isStore(value: unknown): value is KeyStore {
  return hasMethods(value, STORE_METHODS);
}

function storeOf(value: unknown): KeyStore {
  if (isStore(value)) return value;
  throw wrong("store", "a store: sqlStore({ path }), sqlStore({ url }), indexedDbStore({ name }) or memoryStore()");
}

function isProvider(value: unknown): value is KeyProvider {
  return hasMethods(value, PROVIDER_METHODS);
}

function providerOf(value: unknown, name: string, level: ProtectionLevel): readonly KeyProvider[] {
  if (value === undefined) return [];
  if (isProvider(value) && value.protectionLevel === level) return [value];
  throw wrong(name, `a provider of keys of protection level ${level}`);
}

function isFunction<F>(value: unknown): value is F {
  return typeof value === "function";
}

function clockOf(value: unknown): () => Date {
  if (value === undefined) return () => new Date();
  if (isFunction<() => Date>(value) && Number.isFinite(readClock(value))) return value;
  throw wrong("clock", "a function that returns a Date: () => new Date()");
}

function auditOf(value: unknown): Settings["audit"] {
  if (value === undefined || value === false || (typeof value === "string" && value !== "")) return value;
  if (isFunction<AuditFunction>(value)) return value;
  throw wrong("audit", "the path of a file, a function, or false");
}

const ANCHOR_NAMES = { file: true, read: true, write: true, begin: true } as const;

function anchorOf(value: unknown): AnchorParts | undefined {
  if (value === undefined) return undefined;
  const { file, read, write, begin } = fields(value, "anchor", "anchor.", ANCHOR_NAMES);
  const parts = { begin: flag(begin, "anchor.begin") };
  if (typeof file === "string" && file !== "" && read === undefined && write === undefined) {
    return { ...parts, place: anchorFile(file) };
  }
  if (file === undefined && isFunction<() => unknown>(read) && isFunction<(text: string) => unknown>(write)) {
    return {
      ...parts,
      place: { name: "the functions given", read: async () => read(), write: async (text) => void (await write(text)) },
    };
  }
  throw wrong("anchor", "{ file }, the path of a file on another disk, or { read, write }, two functions");
}

function policyOf(value: unknown): AuditFailurePolicy {
  if (value === undefined) return "fail";
  if (value === "fail" || value === "continue") return value;
  throw wrong("onAuditFailure", '"fail" or "continue"');
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && Number.isFinite(value);
}

function positive(value: unknown, name: string, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (isNumber(value)) return value;
  throw wrong(name, "a number, zero or more");
}

function wholeNumber(value: unknown, name: string, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (isNumber(value) && Number.isSafeInteger(value)) return value;
  throw wrong(name, "a whole number, zero or more");
}

function sweepOf(value: unknown): number | false {
  if (value === false) return false;
  if (value === undefined) return DEFAULT_SWEEP_SECONDS * 1_000;
  if (isNumber(value) && value >= MIN_SWEEP_SECONDS && value <= MAX_SWEEP_SECONDS) return value * 1_000;
  throw wrong("sweepSeconds", `false, or a number from ${MIN_SWEEP_SECONDS} to ${MAX_SWEEP_SECONDS}`);
}

function flag(value: unknown, name: string): boolean {
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw wrong(name, "true or false");
}

function realmPart(value: unknown, name: string, otherwise: string): string {
  if (value === undefined) return otherwise;
  if (typeof value === "string" && /^[A-Za-z0-9-]{1,64}$/.test(value)) return value;
  throw wrong(name, "1 to 64 letters, digits and hyphens");
}
