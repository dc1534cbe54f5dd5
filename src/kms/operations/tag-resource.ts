import { type Call, change } from "../core/call.ts";
import { MAX_TAGS } from "../policy/limits.ts";
import { UNTIL_DELETION } from "../policy/state-table.ts";
import { fields, nothing } from "../schema/schema.ts";
import { keyForChange } from "../use/key-for-change.ts";
import { keyIdOnly } from "../wire/ids.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type KeyIdRequest, keyIdField } from "./parts/key-id.ts";
import { type Tag, tagList, tooManyTags } from "./parts/tags.ts";

export type { Tag } from "./parts/tags.ts";

export interface TagResourceRequest extends KeyIdRequest {
  /** A tag whose key is there gets the new value. A key may have 10 (20 when it is created with them). */
  readonly tags: readonly Tag[];
}

export const tagResource = operation({
  name: "TagResource",
  plane: "life-cycle",
  repeatable: true,
  states: UNTIL_DELETION,
  doc: "Adds tags to a key, or gives those it has new values.",
  errors: ["Rejected.LimitExceeded"],
  request: fields<TagResourceRequest>()({ ...keyIdField, tags: tagList(MAX_TAGS) }),
  response: nothing,
});

export async function runTagResource(call: Call, { keyId: name, tags }: ReadOf<typeof tagResource>) {
  const keyId = keyIdOnly(name, call.core.realm);
  await change(call, async (rows) => {
    await keyForChange(call, rows, keyId);
    const before = new Set((await rows.tags(keyId)).map((tag) => tag.tagKey));
    const after = new Set([...before, ...tags.map((tag) => tag.tagKey)]);
    if (after.size > MAX_TAGS && after.size > before.size) throw tooManyTags(MAX_TAGS);
    for (const tag of tags) await rows.putTag({ keyId, ...tag });
  });
}
