import { type Call, change } from "../core/call.ts";
import { bindingOf, objectRow } from "../keys/key-object-rows.ts";
import { isSymmetric } from "../policy/key-matrix.ts";
import { MAX_ASYMMETRIC_VERSIONS, MIN_DAYS_BETWEEN_VERSIONS, SECONDS_PER_DAY } from "../policy/limits.ts";
import { requireState, WHILE_ENABLED } from "../policy/state-table.ts";
import { KmsError } from "../ports/errors.ts";
import type { KeyRow } from "../ports/index.ts";
import { record } from "../schema/list.ts";
import { fields } from "../schema/schema.ts";
import { keyName } from "../schema/text.ts";
import { keyForChange } from "../use/key-for-change.ts";
import { newVersionId } from "../wire/ids.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type KeyVersion, keyVersionSchema } from "./parts/key-version.ts";

export interface CreateKeyVersionRequest {
  /** Key id, alias or ARN of an asymmetric key. */
  readonly keyId: string;
}

export interface CreateKeyVersionResponse {
  readonly keyVersion: KeyVersion;
}

const MIN_MILLISECONDS = MIN_DAYS_BETWEEN_VERSIONS * SECONDS_PER_DAY * 1_000;

export const createKeyVersion = operation({
  name: "CreateKeyVersion",
  plane: "life-cycle",
  repeatable: false,
  states: WHILE_ENABLED,
  doc: `Gives an asymmetric key another version, at least ${MIN_DAYS_BETWEEN_VERSIONS} days after the last; it may have ${MAX_ASYMMETRIC_VERSIONS}.`,
  errors: ["Rejected.UnsupportedOperation", "Unsupported.Origin", "Rejected.LimitExceeded"],
  request: fields<CreateKeyVersionRequest>()({ keyId: keyName({ alias: true, doc: "An asymmetric key." }) }),
  response: fields<CreateKeyVersionResponse>()({ keyVersion: record(keyVersionSchema, { name: "KeyVersion" }) }),
});

export async function runCreateKeyVersion(call: Call, request: ReadOf<typeof createKeyVersion>) {
  const { core, event, signal } = call;
  const { row } = await core.directory.resolve(request.keyId);
  const { keyId } = row;
  event.keyId = keyId;
  requireState(call.operation, row.state);
  requireVersionable(row, core.now());
  const { total } = await core.read((rows) => rows.versions(keyId, { offset: 0, limit: 1 }));
  requireRoom(total);
  const versionId = newVersionId(keyId);
  event.keyVersionId = versionId;
  const binding = bindingOf(row, versionId, "NONE");
  const provider = core.provider(row.protectionLevel);
  const created = await provider.createKey({ binding, signal });
  try {
    const createdAt = await change(call, async (rows) => {
      const current = await keyForChange(call, rows, keyId);
      const now = core.now();
      requireVersionable(current, now);
      const held = (await rows.versions(keyId, { offset: 0, limit: 1 })).total;
      requireRoom(held);
      await rows.addVersion({ versionId, keyId, createdAt: now, ordinal: held + 1 });
      await rows.addKeyObject(objectRow(versionId, "NONE", created));
      await rows.putKey({ ...current, lastRotatedAt: now });
      return now;
    });
    return { keyVersion: { keyId, keyVersionId: versionId, creationDate: new Date(createdAt) } };
  } catch (error) {
    // No row names the object. The first error says more than that of a failed destruction.
    await provider.destroyKey({ binding, handle: created.handle }).catch(() => undefined);
    throw error;
  }
}

function requireVersionable(row: KeyRow, now: number): void {
  if (isSymmetric(row.keySpec)) {
    throw new KmsError(
      "Rejected.UnsupportedOperation",
      "Unsupported operation. Only asymmetric keys get versions this way; a symmetric key rotates.",
    );
  }
  if (row.origin === "EXTERNAL") {
    throw new KmsError(
      "Unsupported.Origin",
      "This key origin is not valid for this api. Imported keys have one version.",
    );
  }
  if (now - row.lastRotatedAt < MIN_MILLISECONDS) {
    throw new KmsError(
      "Rejected.UnsupportedOperation",
      `Unsupported operation. Versions of a key are at least ${MIN_DAYS_BETWEEN_VERSIONS} days apart.`,
    );
  }
}

function requireRoom(versions: number): void {
  if (versions < MAX_ASYMMETRIC_VERSIONS) return;
  throw new KmsError(
    "Rejected.LimitExceeded",
    "The request was rejected because user create resource limit was exceeded. A key may have " +
      `${MAX_ASYMMETRIC_VERSIONS} versions.`,
  );
}
