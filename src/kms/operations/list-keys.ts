import type { Call } from "../core/call.ts";
import { settleDue } from "../life-cycle/settle-due.ts";
import { keyAsOf } from "../policy/due.ts";
import { MAX_FILTER_VALUES, MAX_FILTERS, MAX_PAGE_SIZE } from "../policy/limits.ts";
import type { KeyFilter } from "../ports/index.ts";
import { withDefault } from "../schema/field.ts";
import { listOf, listOfStrings } from "../schema/list.ts";
import { fields } from "../schema/schema.ts";
import { choice, string } from "../schema/text.ts";
import { keyArn } from "../wire/ids.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type PageAnswer, type PageFields, pageAnswer, pageFields, pageOf } from "./parts/page.ts";

/** What ListKeys filters by. */
export type ListKeysFilterKey =
  | "KeyState"
  | "KeySpec"
  | "KeyUsage"
  | "ProtectionLevel"
  | "CreatorType"
  | "DKMSInstanceId"
  | "KeyId"
  | "AliasName"
  | "Creator"
  | "TagKey"
  | "TagValue";

export interface ListKeysFilter {
  readonly key: ListKeysFilterKey;
  /** Alternatives, at most 100. */
  readonly values: readonly string[];
}

export interface ListKeysRequest extends PageFields {
  /** At most 10; different keys must all match, values of one key are alternatives. */
  readonly filters?: readonly ListKeysFilter[] | undefined;
}

export interface ListedKey {
  readonly keyId: string;
  readonly keyArn: string;
}

export interface ListKeysResponse extends PageAnswer {
  /** Oldest first. */
  readonly keys: readonly ListedKey[];
}

const COLUMN: Readonly<Partial<Record<ListKeysFilterKey, KeyFilter["column"]>>> = {
  KeyState: "state",
  KeySpec: "keySpec",
  KeyUsage: "keyUsage",
  ProtectionLevel: "protectionLevel",
  KeyId: "keyId",
  AliasName: "aliasName",
  Creator: "creator",
  TagKey: "tagKey",
  TagValue: "tagValue",
};

/** Columns with the same value for every key here: all keys are the user's, and none belongs to an instance. */
const CONSTANT: Readonly<Partial<Record<ListKeysFilterKey, string>>> = { CreatorType: "User", DKMSInstanceId: "" };

const FILTER_KEYS = [...Object.keys(COLUMN), ...Object.keys(CONSTANT)] as ListKeysFilterKey[];

const filter = fields<ListKeysFilter>()({
  key: choice(FILTER_KEYS),
  values: listOfStrings({ most: MAX_FILTER_VALUES }),
});

const listedKey = fields<ListedKey>()({ keyId: string(), keyArn: string() });

export const listKeys = operation({
  name: "ListKeys",
  plane: "data",
  repeatable: true,
  doc: "Lists keys.",
  errors: [],
  request: fields<ListKeysRequest>()({
    ...pageFields,
    filters: withDefault(
      listOf<ListKeysFilter>(filter, {
        most: MAX_FILTERS,
        doc: `Filters of different keys must all match; the values of one are alternatives. Keys: ${FILTER_KEYS.join(", ")}.`,
      }),
      [],
    ),
  }),
  response: fields<ListKeysResponse>()({
    ...pageAnswer,
    keys: listOf<ListedKey>(listedKey, { most: MAX_PAGE_SIZE, item: "Key", doc: "Oldest first." }),
  }),
});

export async function runListKeys({ core }: Call, request: ReadOf<typeof listKeys>) {
  const page = pageOf(request);
  const filters = byColumn(request.filters);
  await settleDue(core);
  const { pageNumber, pageSize } = page;
  if (filters === undefined) return { pageNumber, pageSize, totalCount: 0, keys: [] };
  const { rows, total } = await core.read((reader) => reader.keys(page, filters));
  const keys = rows
    .filter((row) => keyAsOf(row, core.now()) !== undefined)
    .map(({ keyId }) => ({ keyId, keyArn: keyArn(core.realm, keyId) }));
  return { pageNumber, pageSize, totalCount: total, keys };
}

/** The filters by column; `undefined` when no key can match. */
function byColumn(filters: readonly ListKeysFilter[]): readonly KeyFilter[] | undefined {
  const merged = new Map<KeyFilter["column"], Set<string>>();
  for (const { key, values } of filters) {
    const constant = CONSTANT[key];
    if (constant !== undefined && !values.includes(constant)) return undefined;
    const column = COLUMN[key];
    if (column === undefined) continue;
    merged.set(column, new Set([...(merged.get(column) ?? []), ...values.filter(isStorable)]));
  }
  const columns = [...merged].map(([column, values]) => ({ column, values: [...values] }));
  return columns.every(({ values }) => values.length > 0) ? columns : undefined;
}

/** No column holds NUL, and PostgreSQL refuses it. */
function isStorable(value: string): boolean {
  return !value.includes("\0") && !/\p{Surrogate}/u.test(value);
}
