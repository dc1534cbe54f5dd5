import type { KmsContext } from "../core/kms-context.ts";
import { type KeyMetadata, keyMetadata } from "../operations/parts/key-metadata.ts";
import { keyAsOf } from "../policy/due.ts";
import { firstMode } from "../policy/key-matrix.ts";
import type { KeyFilter, KeyState, PageRequest } from "../ports/index.ts";
import type { TrustedReader } from "../rows/trusted-reader.ts";

/** A key may have thousands of aliases; a list of keys shows the first. */
const ALIASES_SHOWN = 20;

export interface KeyEntry {
  readonly key: KeyMetadata;
  /** The first of them, in order of name. */
  readonly aliases: readonly string[];
  readonly aliasCount: number;
}

export interface KeyPage {
  readonly total: number;
  readonly counts: Readonly<Record<KeyState, number>>;
  /** Oldest first. */
  readonly keys: readonly KeyEntry[];
}

export interface KeyDetails extends KeyEntry {
  readonly tags: readonly { readonly tagKey: string; readonly tagValue: string }[];
  readonly versions: { readonly total: number; readonly page: readonly { versionId: string; createdAt: number }[] };
}

/** A page of keys with their aliases, and how many keys there are in each state: one read, without an audit event for each. */
export async function keyPage(core: KmsContext, page: PageRequest, state: KeyState | undefined): Promise<KeyPage> {
  return core.read(async (rows) => {
    const found = await rows.keys(page, state === undefined ? undefined : inState(state));
    const keys: KeyEntry[] = [];
    for (const row of found.rows) {
      if (keyAsOf(row, core.now()) === undefined) continue;
      const key = keyMetadata(row, { realm: core.realm, custody: undefined });
      keys.push({ key, ...(await aliasesOf(rows, row.keyId)) });
    }
    const all = state === undefined ? found.total : (await rows.keys(ONE)).total;
    return { total: found.total, counts: await countsOf(rows, all), keys };
  });
}

/** Everything about the key with this id, ARN or alias but its material. @throws KmsError `Forbidden.KeyNotFound` */
export async function keyDetails(core: KmsContext, name: string, versions: PageRequest): Promise<KeyDetails> {
  const { row } = await core.directory.resolve(name);
  const { keyId } = row;
  return core.read(async (rows) => {
    const found = await rows.versions(keyId, versions);
    const first = row.primaryVersionId ?? (await rows.versions(keyId, { offset: 0, limit: 1 })).rows[0]?.versionId;
    const object = first === undefined ? undefined : await rows.keyObject({ versionId: first, mode: firstMode(row) });
    return {
      key: keyMetadata(row, { realm: core.realm, custody: object?.custody }),
      ...(await aliasesOf(rows, keyId)),
      tags: (await rows.tags(keyId)).map(({ tagKey, tagValue }) => ({ tagKey, tagValue })),
      versions: {
        total: found.total,
        page: found.rows.map(({ versionId, createdAt }) => ({ versionId, createdAt })),
      },
    };
  });
}

const ONE: PageRequest = { offset: 0, limit: 1 };

const inState = (state: KeyState): readonly KeyFilter[] => [{ column: "state", values: [state] }];

async function aliasesOf(rows: TrustedReader, keyId: string): Promise<{ aliases: string[]; aliasCount: number }> {
  const found = await rows.aliases({ offset: 0, limit: ALIASES_SHOWN }, keyId);
  return { aliases: found.rows.map(({ aliasName }) => aliasName), aliasCount: found.total };
}

/** Most keys are Enabled, and a store takes long to count what is most: they are what is left. */
async function countsOf(rows: TrustedReader, all: number): Promise<Record<KeyState, number>> {
  const counts = { Enabled: all, Disabled: 0, PendingDeletion: 0, PendingImport: 0 };
  for (const state of ["Disabled", "PendingDeletion", "PendingImport"] as const) {
    counts[state] = (await rows.keys(ONE, inState(state))).total;
    counts.Enabled -= counts[state];
  }
  return counts;
}
