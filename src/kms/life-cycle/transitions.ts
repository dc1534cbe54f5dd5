import { equalInConstantTime } from "../../shared/encoding.ts";
import type { KmsContext } from "../core/kms-context.ts";
import { bindingOf, cacheId, objectRow, storedObject } from "../keys/key-object-rows.ts";
import { type DueTransition, dueTransition, keyAsOf } from "../policy/due.ts";
import { isSymmetric } from "../policy/key-matrix.ts";
import { KmsError } from "../ports/errors.ts";
import type { KeyObjectRow, KeyRow, VersionRow } from "../ports/index.ts";
import type { TrustedReader } from "../rows/trusted-reader.ts";
import type { TrustedWriter } from "../rows/trusted-writer.ts";
import { newVersionId } from "../wire/ids.ts";
import { markScrubPending, scrub } from "./scrubbing.ts";

const EVERYTHING = { offset: 0, limit: Number.MAX_SAFE_INTEGER };
const MODES = ["GCM", "CBC", "ECB", "NONE"] as const;

/** Runs a due transition of a key. Safe to repeat, and for several processes at once. */
export async function settle(core: KmsContext, row: KeyRow): Promise<void> {
  const due = dueTransition(row, core.now());
  if (due === undefined) return;
  const event = core.systemEvent(OPERATION[due], row.keyId);
  const onlyIf = (current: KeyRow) => dueTransition(current, core.now()) === due;
  await core.runAsSystem(event, async () => {
    if (due === "delete") await purge(core, row, { event, onlyIf });
    else if (due === "expire") await removeMaterial(core, row, { event, onlyIf });
    else await rotate(core, row.keyId, { event, onlyIf });
  });
}

const OPERATION: Readonly<Record<DueTransition, string>> = {
  delete: "DeleteKey",
  expire: "ExpireKeyMaterial",
  rotate: "RotateKey",
};

interface Versioned {
  readonly versions: readonly VersionRow[];
  readonly objects: readonly KeyObjectRow[];
}

async function objectsOf(rows: TrustedReader, keyId: string): Promise<Versioned> {
  const versions = (await rows.versions(keyId, EVERYTHING)).rows;
  const objects: KeyObjectRow[] = [];
  for (const version of versions) objects.push(...(await rows.keyObjects(version.versionId)));
  return { versions, objects };
}

/** The provider destroys first: if it fails, the row still has the handle, and the next attempt can use it. */
async function destroyObjects(core: KmsContext, row: KeyRow, { versions, objects }: Versioned): Promise<void> {
  for (const { versionId } of versions) {
    for (const mode of MODES) core.cipherKeys.delete(cacheId(versionId, mode));
    core.asymmetricKeys.delete(versionId);
  }
  if (objects.length === 0) return;
  const provider = core.provider(row.protectionLevel);
  for (const object of objects) await provider.destroyKey(storedObject(row, object));
}

/** Removes a key whose pending window is over, with the material of every version. */
async function purge(core: KmsContext, row: KeyRow, { event, onlyIf }: Conditional): Promise<void> {
  await destroyObjects(core, row, await core.read((rows) => objectsOf(rows, row.keyId)));
  await core.change(event, async (rows) => {
    const current = await rows.key(row.keyId);
    if (current === undefined || !onlyIf(current)) event.outcome = "Unchanged";
    else {
      await rows.deleteKey(row.keyId);
      await markScrubPending(rows);
    }
  });
  await scrub(core.rows);
}

interface Conditional {
  readonly event: ReturnType<KmsContext["systemEvent"]>;
  /** Checked inside the transaction, because another process may have run the transition first. */
  readonly onlyIf: (row: KeyRow) => boolean;
}

/**
 * Destroys the material of an imported key, which then waits for it to be imported again.
 *
 * @returns false when there was nothing to do, because the key is gone or `onlyIf` no longer held.
 */
export async function removeMaterial(core: KmsContext, row: KeyRow, { event, onlyIf }: Conditional): Promise<boolean> {
  for (;;) {
    const held = await core.read(async (rows) => {
      const current = await rows.key(row.keyId);
      return current && onlyIf(current) ? objectsOf(rows, row.keyId) : undefined;
    });
    if (held === undefined) return false;
    await destroyObjects(core, row, held);
    try {
      await core.change(event, (rows) => forgetMaterial(rows, row.keyId, { held, onlyIf, event }));
    } catch (error) {
      // Another process imported material meanwhile: that object must be destroyed as well.
      if (error instanceof Superseded) continue;
      throw error;
    }
    await scrub(core.rows);
    return true;
  }
}

async function forgetMaterial(
  rows: TrustedWriter,
  keyId: string,
  { held, onlyIf, event }: Conditional & { held: Versioned },
): Promise<void> {
  const current = await rows.key(keyId);
  if (current === undefined || !onlyIf(current)) {
    event.outcome = "Unchanged";
    return;
  }
  const { objects } = await objectsOf(rows, keyId);
  const same = objects.every((object) => held.objects.some((other) => equalInConstantTime(object.mac, other.mac)));
  if (!same) throw new Superseded();
  for (const { versionId } of held.versions) await rows.deleteKeyObjects(versionId);
  await markScrubPending(rows);
  const state = current.state === "PendingDeletion" ? current.state : "PendingImport";
  await rows.putKey({ ...current, state, materialExpiresAt: null });
}

/**
 * Gives a symmetric key a new primary version.
 *
 * @returns the new version, or `undefined` when `onlyIf` no longer held and nothing was done.
 */
export async function rotate(
  core: KmsContext,
  keyId: string,
  { event, onlyIf }: Conditional,
): Promise<VersionRow | undefined> {
  const before = await core.read((rows) => rows.key(keyId));
  if (before === undefined || !onlyIf(before)) return undefined;
  const mode = before.mode === "ANY" ? "GCM" : before.mode;
  const versionId = newVersionId(keyId);
  const binding = bindingOf(before, versionId, mode);
  const provider = core.provider(before.protectionLevel);
  const created = await provider.createKey({ binding });
  event.keyVersionId = versionId;
  try {
    const version = await core.change(event, async (rows) => {
      const current = keyAsOf(await rows.key(keyId), core.now());
      if (current === undefined || !onlyIf(current)) throw new Superseded();
      const now = core.now();
      const { total } = await rows.versions(keyId, { offset: 0, limit: 1 });
      await rows.addVersion({ versionId, keyId, createdAt: now, ordinal: total + 1 });
      await rows.addKeyObject(objectRow(versionId, mode, created));
      await rows.putKey({ ...current, primaryVersionId: versionId, lastRotatedAt: now });
      return rows.version(versionId);
    });
    return version;
  } catch (error) {
    // No row names the object. A failure to destroy it must not hide the first error.
    await provider.destroyKey({ binding, handle: created.handle }).catch(() => undefined);
    if (error instanceof Superseded) return undefined;
    throw error;
  }
}

/** Thrown to roll back a change that another process has already made. */
class Superseded extends Error {}

/** Whether a key's material may be replaced by a newer version's: generated, symmetric, and alive. */
export function canRotate(row: KeyRow): boolean {
  return isSymmetric(row.keySpec) && row.origin === "Aliyun_KMS" && row.state === "Enabled";
}

/** Rotates a key whose primary version is running out of IVs. */
export async function rotateExhausted(core: KmsContext, keyId: string, versionId: string): Promise<void> {
  const event = core.systemEvent("RotateKey", keyId);
  const onlyIf = (row: KeyRow) => canRotate(row) && row.primaryVersionId === versionId;
  await core.runAsSystem(event, () => rotate(core, keyId, { event, onlyIf }));
}

/** The refusal of a rotation that the key does not allow. */
export function cannotRotate(): KmsError {
  return new KmsError(
    "UnsupportedOperation",
    "This action is not supported. Only symmetric keys whose material the KMS generated rotate.",
  );
}
