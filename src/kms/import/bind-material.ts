import { equalInConstantTime, lengthPrefixed } from "../../shared/encoding.ts";
import { type Call, change } from "../core/call.ts";
import type { KmsContext } from "../core/kms-context.ts";
import { bindingOf, cacheId, objectRow } from "../keys/key-object-rows.ts";
import { firstMode } from "../policy/key-matrix.ts";
import { invalidKeyMaterial } from "../ports/errors.ts";
import type { CheckedMaterial, CreatedKeyObject, KeyObjectRow, KeyRow } from "../ports/index.ts";
import type { TrustedReader } from "../rows/trusted-reader.ts";
import type { TrustedWriter } from "../rows/trusted-writer.ts";

/**
 * The keyed fingerprint of material, by which the same material is recognised, also in other CMKs. For a private key it covers the
 * public key.
 */
export function fingerprintOf(core: KmsContext, { material, publicKey }: CheckedMaterial): Uint8Array {
  const fields = publicKey ? ["asymmetric", publicKey] : ["symmetric", material];
  const encoded = lengthPrefixed(fields);
  try {
    return core.keys.keyedDigest("fingerprint", encoded);
  } finally {
    encoded.fill(0);
  }
}

/** Refuses material that is not the key's own, or that another CMK has. */
export async function requireOwnMaterial(rows: TrustedReader, row: KeyRow, fingerprint: Uint8Array): Promise<void> {
  if (row.materialFingerprint !== null && !equalInConstantTime(row.materialFingerprint, fingerprint)) {
    throw invalidKeyMaterial();
  }
  const owner = await rows.keyByFingerprint(fingerprint);
  if (owner !== undefined && owner.keyId !== row.keyId) throw invalidKeyMaterial();
}

interface Binding {
  readonly row: KeyRow;
  readonly versionId: string;
  readonly checked: CheckedMaterial;
  /** Writes what else changes with the material, once it is known to be the key's own. */
  readonly update: (rows: TrustedWriter, fingerprint: Uint8Array) => Promise<void>;
}

/**
 * Gives a key version its material: makes the provider's object first and then, in one transaction, the rows. The object that it
 * replaces is destroyed; if the transaction fails, the new one is.
 */
export async function bindMaterial(call: Call, { row, versionId, checked, update }: Binding): Promise<void> {
  const { core, signal } = call;
  const provider = core.provider(row.protectionLevel);
  const binding = bindingOf(row, versionId, firstMode(row));
  const fingerprint = fingerprintOf(core, checked);
  await core.read((rows) => requireOwnMaterial(rows, row, fingerprint));
  const created = await provider.importKey({ binding, material: checked.material, signal });
  const destroy = (handle: Uint8Array) => provider.destroyKey({ binding, handle });
  let replaced: KeyObjectRow | undefined;
  try {
    replaced = await change(call, async (rows) => {
      const held = await rows.keyObject({ versionId, mode: binding.mode });
      await requireOwnMaterial(rows, (await rows.key(row.keyId)) ?? row, fingerprint);
      await update(rows, fingerprint);
      await rows.putKeyObject(objectRow(versionId, binding.mode, withPublicKey(created, checked)));
      return held;
    });
  } catch (error) {
    await destroy(created.handle).catch(() => undefined);
    throw error;
  }
  core.cipherKeys.delete(cacheId(versionId, binding.mode));
  core.asymmetricKeys.delete(versionId);
  if (replaced !== undefined) await destroy(replaced.handle).catch(() => undefined);
}

function withPublicKey(created: CreatedKeyObject, { publicKey }: CheckedMaterial): CreatedKeyObject {
  return publicKey === undefined ? created : { ...created, publicKey };
}
