import { type Call, change } from "../core/call.ts";
import { bindingOf, objectRow } from "../keys/key-object-rows.ts";
import { cannotRotate } from "../life-cycle/transitions.ts";
import {
  algorithmsOf,
  defaultUsage,
  firstMode,
  initialMode,
  isSymmetric,
  KEY_SPECS,
  type KeyKind,
  PROTECTION_LEVELS,
  requireKind,
} from "../policy/key-matrix.ts";
import {
  MAX_DESCRIPTION_CHARACTERS,
  MAX_ROTATION_DAYS,
  MAX_TAGS_AT_CREATION,
  MIN_ROTATION_DAYS,
  SECONDS_PER_DAY,
} from "../policy/limits.ts";
import { invalidParameter } from "../ports/errors.ts";
import type {
  CipherMode,
  CreatedKeyObject,
  KeyRow,
  KeySpec,
  KeyUsage,
  Origin,
  ProtectionLevel,
} from "../ports/index.ts";
import { MODE_OF } from "../wire/blob.ts";
import { newKeyId, newVersionId } from "../wire/ids.ts";
import { choice, freeText, optionalBoolean, requiredInterval } from "../wire/request-fields.ts";
import { type KeyMetadata, keyMetadata } from "./key-metadata.ts";
import { type Tag, tagsField } from "./tag-fields.ts";

export interface CreateKeyRequest {
  /** At most 8,192 characters. */
  readonly description?: string | undefined;
  /** `Aliyun_AES_256` when absent. */
  readonly keySpec?: KeySpec | undefined;
  /** `SIGN/VERIFY` for a KeySpec that can sign, else `ENCRYPT/DECRYPT`. */
  readonly keyUsage?: KeyUsage | undefined;
  /** `Aliyun_KMS` when absent; `EXTERNAL` makes a key that waits for imported material. */
  readonly origin?: Origin | undefined;
  /** `SOFTWARE` when absent. */
  readonly protectionLevel?: ProtectionLevel | undefined;
  readonly enableAutomaticRotation?: boolean | undefined;
  /** Like `365d`; required with `enableAutomaticRotation`. 7 to 730 days. */
  readonly rotationInterval?: string | undefined;
  /** At most 20. */
  readonly tags?: readonly Tag[] | undefined;
  /** Ours, for imported material of a KeySpec with several modes: the one it will serve. `GCM` when absent. */
  readonly importMode?: CipherMode | undefined;
}

export interface CreateKeyResponse {
  readonly keyMetadata: KeyMetadata;
}

export const ROTATION_RANGE = [MIN_ROTATION_DAYS * SECONDS_PER_DAY, MAX_ROTATION_DAYS * SECONDS_PER_DAY] as const;

export async function createKey(call: Call, request: CreateKeyRequest): Promise<CreateKeyResponse> {
  const { core, event } = call;
  const tags = tagsField(request.tags ?? [], MAX_TAGS_AT_CREATION);
  const draft = draftOf(call, request);
  const versionId = newVersionId(draft.keyId);
  const row = { ...draft, primaryVersionId: isSymmetric(draft.keySpec) ? versionId : null };
  event.keyId = row.keyId;
  event.keyVersionId = versionId;
  const created = row.origin === "EXTERNAL" ? undefined : await createObject(call, row, versionId);
  try {
    await change(call, async (rows) => {
      await rows.addKey(row);
      await rows.addVersion({ versionId, keyId: row.keyId, createdAt: row.createdAt, ordinal: 1 });
      if (created) await rows.addKeyObject(objectRow(versionId, firstMode(row), created));
      for (const tag of tags) await rows.putTag({ keyId: row.keyId, ...tag });
    });
  } catch (error) {
    if (created) {
      const binding = bindingOf(row, versionId, firstMode(row));
      const provider = core.provider(row.protectionLevel);
      await provider.destroyKey({ binding, handle: created.handle }).catch(() => undefined);
    }
    throw error;
  }
  return { keyMetadata: keyMetadata(row, { realm: core.realm, custody: created?.custody }) };
}

export type Draft = Omit<KeyRow, "mac">;

function createObject({ core, signal }: Call, row: Draft, versionId: string): Promise<CreatedKeyObject> {
  const binding = bindingOf(row, versionId, firstMode(row));
  return core.provider(row.protectionLevel).createKey({ binding, signal });
}

/** The row of a key that a request describes, under a fresh id. */
export function draftOf({ core }: Call, request: CreateKeyRequest): Draft {
  const keySpec = choice(request.keySpec, "KeySpec", { of: KEY_SPECS, otherwise: "Aliyun_AES_256" });
  const usages: readonly KeyUsage[] = ["ENCRYPT/DECRYPT", "SIGN/VERIFY"];
  const keyUsage = choice(request.keyUsage, "KeyUsage", { of: usages, otherwise: defaultUsage(keySpec) });
  const origin = choice<Origin>(request.origin, "Origin", { of: ["Aliyun_KMS", "EXTERNAL"], otherwise: "Aliyun_KMS" });
  const protectionLevel = choice(request.protectionLevel, "ProtectionLevel", {
    of: PROTECTION_LEVELS,
    otherwise: "SOFTWARE",
  });
  const kind: KeyKind = { keySpec, keyUsage, protectionLevel };
  requireKind(kind, origin);
  core.provider(protectionLevel);
  const now = core.now();
  return {
    keyId: newKeyId(),
    creator: core.realm.accountId,
    createdAt: now,
    description: freeText(request.description, "Description", MAX_DESCRIPTION_CHARACTERS),
    ...kind,
    origin,
    mode: modeOf(request, kind, origin),
    state: origin === "EXTERNAL" ? "PendingImport" : "Enabled",
    primaryVersionId: null,
    deleteAt: null,
    materialExpiresAt: null,
    lastRotatedAt: now,
    ...rotationOf(request, kind, origin),
    deletionProtected: false,
    deletionProtectionDescription: "",
    materialFingerprint: null,
    seeded: false,
  };
}

function modeOf(request: CreateKeyRequest, kind: KeyKind, origin: Origin): KeyRow["mode"] {
  if (request.importMode === undefined || request.importMode === null) return initialMode(kind, origin);
  const modes = algorithmsOf(kind).flatMap((algorithm) =>
    algorithm in MODE_OF ? [MODE_OF[algorithm as keyof typeof MODE_OF]] : [],
  );
  if (origin !== "EXTERNAL" || modes.length === 0) {
    throw invalidParameter("ImportMode", "It is for symmetric keys of origin EXTERNAL.");
  }
  return choice(request.importMode, "ImportMode", { of: modes, otherwise: "GCM" });
}

function rotationOf(request: CreateKeyRequest, { keySpec }: KeyKind, origin: Origin) {
  const rotationEnabled = optionalBoolean(request.enableAutomaticRotation, "EnableAutomaticRotation");
  if (!rotationEnabled) return { rotationEnabled, rotationSeconds: null };
  if (!isSymmetric(keySpec) || origin === "EXTERNAL") throw cannotRotate();
  return {
    rotationEnabled,
    rotationSeconds: requiredInterval(request.rotationInterval, "RotationInterval", ROTATION_RANGE),
  };
}
