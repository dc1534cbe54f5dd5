import { type Call, change } from "../core/call.ts";
import { MAX_DESCRIPTION_CHARACTERS } from "../policy/limits.ts";
import { missingParameter } from "../ports/errors.ts";
import { keyIdOnly } from "../wire/ids.ts";
import { freeText, requiredBoolean } from "../wire/request-fields.ts";
import { keyForChange } from "./key-for-change.ts";
import type { KeyIdRequest } from "./key-state.ts";

export interface UpdateKeyDescriptionRequest extends KeyIdRequest {
  /** At most 8,192 characters; may be empty. */
  readonly description: string;
}

export interface SetDeletionProtectionRequest {
  /** Key id or ARN; the service calls it so since it once took ARNs only. */
  readonly protectedResourceArn?: string | undefined;
  /** The newer name of the same. */
  readonly keyId?: string | undefined;
  readonly enableDeletionProtection: boolean;
  readonly deletionProtectionDescription?: string | undefined;
}

export async function updateKeyDescription(call: Call, request: UpdateKeyDescriptionRequest): Promise<void> {
  keyIdOnly(request.keyId, call.core.realm);
  if (request.description === undefined) throw missingParameter("Description");
  const description = freeText(request.description, "Description", MAX_DESCRIPTION_CHARACTERS);
  await change(call, async (rows) => {
    const row = await keyForChange(call, rows, { keyId: request.keyId, operation: "UpdateKeyDescription" });
    await rows.putKey({ ...row, description });
  });
}

export async function setDeletionProtection(call: Call, request: SetDeletionProtectionRequest): Promise<void> {
  const keyId = request.protectedResourceArn ?? request.keyId;
  const parameter = "ProtectedResourceArn";
  keyIdOnly(keyId, call.core.realm, parameter);
  const deletionProtected = requiredBoolean(request.enableDeletionProtection, "EnableDeletionProtection");
  const deletionProtectionDescription = freeText(
    request.deletionProtectionDescription,
    "DeletionProtectionDescription",
    MAX_DESCRIPTION_CHARACTERS,
  );
  await change(call, async (rows) => {
    const row = await keyForChange(call, rows, { keyId, parameter, operation: "SetDeletionProtection" });
    await rows.putKey({ ...row, deletionProtected, deletionProtectionDescription });
  });
}
