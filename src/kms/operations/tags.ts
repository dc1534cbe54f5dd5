import { type Call, change } from "../core/call.ts";
import { MAX_TAGS } from "../policy/limits.ts";
import { invalidParameter, missingParameter } from "../ports/errors.ts";
import { keyIdOnly } from "../wire/ids.ts";
import { elements } from "../wire/request-fields.ts";
import { keyForChange } from "./key-for-change.ts";
import type { KeyIdRequest } from "./key-state.ts";
import { requiredTags, type Tag, tagKeyField, tooMany } from "./tag-fields.ts";

export interface TagResourceRequest extends KeyIdRequest {
  /** A tag whose key is there gets the new value. A key may have 10 (20 when it is created with them). */
  readonly tags: readonly Tag[];
}

export interface UntagResourceRequest extends KeyIdRequest {
  readonly tagKeys: readonly string[];
}

export interface ResourceTag extends Tag {
  readonly keyId: string;
}

export interface ListResourceTagsResponse {
  /** In order of tag key. */
  readonly tags: readonly ResourceTag[];
}

export async function tagResource(call: Call, request: TagResourceRequest): Promise<void> {
  keyIdOnly(request.keyId, call.core.realm);
  const tags = requiredTags(request.tags, MAX_TAGS);
  await change(call, async (rows) => {
    const { keyId } = await keyForChange(call, rows, { keyId: request.keyId, operation: "TagResource" });
    const before = new Set((await rows.tags(keyId)).map((tag) => tag.tagKey));
    const after = new Set([...before, ...tags.map((tag) => tag.tagKey)]);
    if (after.size > MAX_TAGS && after.size > before.size) throw tooMany(MAX_TAGS);
    for (const tag of tags) await rows.putTag({ keyId, ...tag });
  });
}

export async function untagResource(call: Call, request: UntagResourceRequest): Promise<void> {
  keyIdOnly(request.keyId, call.core.realm);
  const { tagKeys } = request;
  if (tagKeys === undefined || tagKeys === null) throw missingParameter("TagKeys");
  const given = elements(tagKeys, 2 * MAX_TAGS);
  if (given === undefined) throw invalidParameter("TagKeys", `It must be an array of at most ${2 * MAX_TAGS} strings.`);
  const wanted = given.map(tagKeyField);
  await change(call, async (rows) => {
    const { keyId } = await keyForChange(call, rows, { keyId: request.keyId, operation: "UntagResource" });
    for (const tagKey of wanted) await rows.deleteTag({ keyId, tagKey });
  });
}

export async function listResourceTags(call: Call, request: KeyIdRequest): Promise<ListResourceTagsResponse> {
  const keyId = keyIdOnly(request.keyId, call.core.realm);
  await call.core.directory.resolve(keyId);
  call.event.keyId = keyId;
  return { tags: await call.core.read((rows) => rows.tags(keyId)) };
}
