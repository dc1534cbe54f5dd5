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
import { MAX_DESCRIPTION_CHARACTERS, MAX_TAGS_AT_CREATION } from "../policy/limits.ts";
import { invalidParameter, missingParameter } from "../ports/errors.ts";
import type {
  CipherMode,
  CreatedKeyObject,
  KeyRow,
  KeySpec,
  KeyUsage,
  Origin,
  ProtectionLevel,
} from "../ports/index.ts";
import { optional, withDefault } from "../schema/field.ts";
import { record } from "../schema/list.ts";
import { flag } from "../schema/scalars.ts";
import { fields } from "../schema/schema.ts";
import { choice, text } from "../schema/text.ts";
import { MODE_OF } from "../wire/blob.ts";
import { newKeyId, newVersionId } from "../wire/ids.ts";
import { operation } from "./operation.ts";
import { type KeyMetadata, keyMetadata, keyMetadataSchema } from "./parts/key-metadata.ts";
import { isRotatable, rotationInterval } from "./parts/rotation.ts";
import { type Tag, tagList } from "./parts/tags.ts";

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
  /** Ours, for imported material of a KeySpec with several modes: the one it is for. `GCM` when absent. */
  readonly importMode?: CipherMode | undefined;
}

export interface CreateKeyResponse {
  readonly keyMetadata: KeyMetadata;
}

/** The fields that say what kind of key is wanted. */
export const kindFields = {
  description: withDefault(text(MAX_DESCRIPTION_CHARACTERS), ""),
  keySpec: withDefault(choice(KEY_SPECS), "Aliyun_AES_256"),
  keyUsage: optional(
    choice<KeyUsage>(["ENCRYPT/DECRYPT", "SIGN/VERIFY"], {
      doc: "Where absent, `SIGN/VERIFY` if the KeySpec can sign.",
    }),
  ),
  protectionLevel: withDefault(choice(PROTECTION_LEVELS), "SOFTWARE"),
  importMode: optional(
    choice<CipherMode>(["GCM", "CBC", "ECB"], {
      doc: "Ours, for imported material of a KeySpec with several modes: the one it is for; `GCM` where absent.",
    }),
  ),
};

export const createKey = operation({
  name: "CreateKey",
  plane: "life-cycle",
  doc: "Creates a key with its first version, enabled; with origin EXTERNAL, one that waits for imported material.",
  errors: ["UnsupportedOperation", "Rejected.LimitExceeded"],
  request: fields<CreateKeyRequest>()({
    ...kindFields,
    origin: withDefault(choice<Origin>(["Aliyun_KMS", "EXTERNAL"]), "Aliyun_KMS"),
    enableAutomaticRotation: flag(),
    rotationInterval,
    tags: withDefault(tagList(MAX_TAGS_AT_CREATION), []),
  }),
  response: fields<CreateKeyResponse>()({ keyMetadata: record(keyMetadataSchema, { name: "KeyMetadata" }) }),
  async run(call, request) {
    const { core, event } = call;
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
        for (const tag of request.tags) await rows.putTag({ keyId: row.keyId, ...tag });
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
  },
});

export type Draft = Omit<KeyRow, "mac">;

function createObject({ core, signal }: Call, row: Draft, versionId: string): Promise<CreatedKeyObject> {
  const binding = bindingOf(row, versionId, firstMode(row));
  return core.provider(row.protectionLevel).createKey({ binding, signal });
}

/** What a new key is to be. */
export interface DraftRequest {
  readonly description: string;
  readonly keySpec: KeySpec;
  readonly keyUsage: KeyUsage | undefined;
  readonly origin: Origin;
  readonly protectionLevel: ProtectionLevel;
  readonly enableAutomaticRotation: boolean;
  /** Seconds. */
  readonly rotationInterval: number | undefined;
  readonly importMode: CipherMode | undefined;
}

/** The row of a key that a request describes, under a fresh id. */
export function draftOf({ core }: Call, request: DraftRequest): Draft {
  const { keySpec, origin, protectionLevel, description } = request;
  const keyUsage = request.keyUsage ?? defaultUsage(keySpec);
  const kind: KeyKind = { keySpec, keyUsage, protectionLevel };
  requireKind(kind, origin);
  core.provider(protectionLevel);
  const now = core.now();
  return {
    keyId: newKeyId(),
    creator: core.realm.accountId,
    createdAt: now,
    description,
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

function modeOf({ importMode }: DraftRequest, kind: KeyKind, origin: Origin): KeyRow["mode"] {
  if (importMode === undefined) return initialMode(kind, origin);
  const modes = algorithmsOf(kind).flatMap((algorithm) =>
    algorithm in MODE_OF ? [MODE_OF[algorithm as keyof typeof MODE_OF]] : [],
  );
  if (origin !== "EXTERNAL" || modes.length === 0) {
    throw invalidParameter("ImportMode", "It is for symmetric keys of origin EXTERNAL.");
  }
  if (!modes.includes(importMode)) throw invalidParameter("ImportMode", `It must be one of: ${modes.join(", ")}.`);
  return importMode;
}

function rotationOf(request: DraftRequest, { keySpec }: KeyKind, origin: Origin) {
  const { enableAutomaticRotation: rotationEnabled, rotationInterval: rotationSeconds } = request;
  if (!rotationEnabled) return { rotationEnabled, rotationSeconds: null };
  if (!isRotatable({ keySpec, origin })) throw cannotRotate();
  if (rotationSeconds === undefined) throw missingParameter("RotationInterval");
  return { rotationEnabled, rotationSeconds };
}
