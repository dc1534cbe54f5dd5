import { type Call, change } from "../core/call.ts";
import { bindingOf, objectRow } from "../keys/key-object-rows.ts";
import { firstMode, isSymmetric } from "../policy/key-matrix.ts";
import { MAX_TAGS_AT_CREATION } from "../policy/limits.ts";
import type { CipherMode, CreatedKeyObject, KeySpec, KeyUsage, Origin, ProtectionLevel } from "../ports/index.ts";
import { withDefault } from "../schema/field.ts";
import { record } from "../schema/list.ts";
import { flag } from "../schema/scalars.ts";
import { fields } from "../schema/schema.ts";
import { choice } from "../schema/text.ts";
import { newVersionId } from "../wire/ids.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type Draft, draftOf, kindFields } from "./parts/key-draft.ts";
import { type KeyMetadata, keyMetadata, keyMetadataSchema } from "./parts/key-metadata.ts";
import { rotationInterval } from "./parts/rotation.ts";
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

export const createKey = operation({
  name: "CreateKey",
  plane: "life-cycle",
  repeatable: false,
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
});

export async function runCreateKey(call: Call, request: ReadOf<typeof createKey>) {
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
}

function createObject({ core, signal }: Call, row: Draft, versionId: string): Promise<CreatedKeyObject> {
  const binding = bindingOf(row, versionId, firstMode(row));
  return core.provider(row.protectionLevel).createKey({ binding, signal });
}
