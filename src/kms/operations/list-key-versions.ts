import type { Call } from "../core/call.ts";
import { MAX_PAGE_SIZE } from "../policy/limits.ts";
import { ALWAYS } from "../policy/state-table.ts";
import { listOf } from "../schema/list.ts";
import { fields } from "../schema/schema.ts";
import { keyName } from "../schema/text.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type KeyVersion, keyVersion, keyVersionSchema } from "./parts/key-version.ts";
import { type PageAnswer, type PageFields, pageAnswer, pageFields, pageOf } from "./parts/page.ts";

export type { KeyVersion } from "./parts/key-version.ts";

export interface ListKeyVersionsRequest extends PageFields {
  /** Key id, alias or ARN. */
  readonly keyId: string;
}

export interface ListKeyVersionsResponse extends PageAnswer {
  /** Oldest first. */
  readonly keyVersions: readonly KeyVersion[];
}

export const listKeyVersions = operation({
  name: "ListKeyVersions",
  plane: "data",
  repeatable: true,
  states: ALWAYS,
  doc: "Lists the versions of a key.",
  errors: [],
  request: fields<ListKeyVersionsRequest>()({ keyId: keyName({ alias: true }), ...pageFields }),
  response: fields<ListKeyVersionsResponse>()({
    ...pageAnswer,
    keyVersions: listOf<KeyVersion>(keyVersionSchema, {
      most: MAX_PAGE_SIZE,
      item: "KeyVersion",
      doc: "Oldest first.",
    }),
  }),
});

export async function runListKeyVersions(call: Call, request: ReadOf<typeof listKeyVersions>) {
  const page = pageOf(request);
  const { row } = await call.core.directory.resolve(request.keyId);
  call.event.keyId = row.keyId;
  const { rows, total } = await call.core.read((reader) => reader.versions(row.keyId, page));
  const { pageNumber, pageSize } = page;
  return { pageNumber, pageSize, totalCount: total, keyVersions: rows.map(keyVersion) };
}
