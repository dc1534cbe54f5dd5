import type { Call } from "../../core/call.ts";
import { keyNotFound } from "../../ports/errors.ts";
import type { VersionRow } from "../../ports/index.ts";
import { date } from "../../schema/scalars.ts";
import { fields } from "../../schema/schema.ts";
import { string } from "../../schema/text.ts";
import { isVersionId } from "../../wire/ids.ts";

export interface KeyVersion {
  readonly keyId: string;
  readonly keyVersionId: string;
  readonly creationDate: Date;
}

export const keyVersionSchema = fields<KeyVersion>()({
  keyId: string(),
  keyVersionId: string(),
  creationDate: date(),
});

export function keyVersion({ keyId, versionId, createdAt }: VersionRow): KeyVersion {
  return { keyId, keyVersionId: versionId, creationDate: new Date(createdAt) };
}

/** A version of this key. One of another key is not found either. */
export async function versionOf(call: Call, keyId: string, versionId: string): Promise<VersionRow> {
  const version = isVersionId(versionId) ? await call.core.read((rows) => rows.version(versionId)) : undefined;
  if (version?.keyId !== keyId) throw keyNotFound();
  call.event.keyVersionId = versionId;
  return version;
}
