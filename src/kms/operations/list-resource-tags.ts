import type { Call } from "../core/call.ts";
import { MAX_TAGS_AT_CREATION } from "../policy/limits.ts";
import { ALWAYS } from "../policy/state-table.ts";
import { listOf } from "../schema/list.ts";
import { fields } from "../schema/schema.ts";
import { string } from "../schema/text.ts";
import { keyIdOnly } from "../wire/ids.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type KeyIdRequest, keyIdField } from "./parts/key-id.ts";
import type { Tag } from "./parts/tags.ts";

export interface ResourceTag extends Tag {
  readonly keyId: string;
}

export interface ListResourceTagsResponse {
  /** In order of tag key. */
  readonly tags: readonly ResourceTag[];
}

const resourceTag = fields<ResourceTag>()({ keyId: string(), tagKey: string(), tagValue: string() });

export const listResourceTags = operation({
  name: "ListResourceTags",
  plane: "data",
  repeatable: true,
  states: ALWAYS,
  doc: "Lists the tags of a key.",
  errors: [],
  request: fields<KeyIdRequest>()(keyIdField),
  response: fields<ListResourceTagsResponse>()({
    tags: listOf<ResourceTag>(resourceTag, { most: MAX_TAGS_AT_CREATION, item: "Tag", doc: "In order of tag key." }),
  }),
});

export async function runListResourceTags(call: Call, request: ReadOf<typeof listResourceTags>) {
  const keyId = keyIdOnly(request.keyId, call.core.realm);
  await call.core.directory.resolve(keyId);
  call.event.keyId = keyId;
  return { tags: await call.core.read((rows) => rows.tags(keyId)) };
}
