import { type Call, change } from "../core/call.ts";
import { MAX_TAGS } from "../policy/limits.ts";
import { UNTIL_DELETION } from "../policy/state-table.ts";
import { fields, nothing } from "../schema/schema.ts";
import { keyForChange } from "../use/key-for-change.ts";
import { keyIdOnly } from "../wire/ids.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type KeyIdRequest, keyIdField } from "./parts/key-id.ts";
import { tagKeyList } from "./parts/tags.ts";

export interface UntagResourceRequest extends KeyIdRequest {
  readonly tagKeys: readonly string[];
}

export const untagResource = operation({
  name: "UntagResource",
  plane: "life-cycle",
  repeatable: true,
  states: UNTIL_DELETION,
  doc: "Removes tags from a key; a missing one is not an error.",
  errors: [],
  request: fields<UntagResourceRequest>()({ ...keyIdField, tagKeys: tagKeyList(2 * MAX_TAGS) }),
  response: nothing,
});

export async function runUntagResource(call: Call, { keyId: name, tagKeys }: ReadOf<typeof untagResource>) {
  const keyId = keyIdOnly(name, call.core.realm);
  await change(call, async (rows) => {
    await keyForChange(call, rows, keyId);
    for (const tagKey of tagKeys) await rows.deleteTag({ keyId, tagKey });
  });
}
