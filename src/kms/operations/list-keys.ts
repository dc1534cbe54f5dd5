import type { Call } from "../core/call.ts";
import { settleDue } from "../life-cycle/settle-due.ts";
import { keyAsOf } from "../policy/due.ts";
import { MAX_FILTER_VALUES, MAX_FILTERS } from "../policy/limits.ts";
import { invalidParameter } from "../ports/errors.ts";
import type { KeyFilter } from "../ports/index.ts";
import { keyArn } from "../wire/ids.ts";
import { elements, type PageAnswer, type PageFields, pageOf, requestObject } from "../wire/request-fields.ts";

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

export interface ListKeysResponse extends PageAnswer {
  /** Oldest first. */
  readonly keys: readonly { readonly keyId: string; readonly keyArn: string }[];
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

/** Columns every key here has the same value in: all are the user's, and none is of an instance. */
const CONSTANT: Readonly<Partial<Record<ListKeysFilterKey, string>>> = { CreatorType: "User", DKMSInstanceId: "" };

export async function listKeys(call: Call, request?: ListKeysRequest): Promise<ListKeysResponse> {
  const { core } = call;
  const wanted = requestObject(request);
  const page = pageOf(wanted);
  const filters = filtersOf(wanted.filters);
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
function filtersOf(value: unknown): readonly KeyFilter[] | undefined {
  if (value === undefined || value === null) return [];
  const given = elements(value, MAX_FILTERS);
  if (given === undefined) {
    throw invalidParameter("Filters", `It must be an array of at most ${MAX_FILTERS} { key, values }.`);
  }
  const merged = new Map<KeyFilter["column"], Set<string>>();
  for (const { key, values } of given.map(checkedFilter)) {
    const constant = CONSTANT[key];
    if (constant !== undefined && !values.includes(constant)) return undefined;
    const column = COLUMN[key];
    if (column === undefined) continue;
    merged.set(column, new Set([...(merged.get(column) ?? []), ...values]));
  }
  const filters = [...merged].map(([column, values]) => ({ column, values: [...values] }));
  return filters.every((filter) => filter.values.length > 0) ? filters : undefined;
}

function checkedFilter(filter: unknown): ListKeysFilter {
  const { key, values } = (typeof filter === "object" && filter !== null ? filter : {}) as Partial<ListKeysFilter>;
  const strings = elements(values, MAX_FILTER_VALUES);
  if (key === undefined || !(Object.hasOwn(COLUMN, key) || Object.hasOwn(CONSTANT, key))) {
    const names = [...Object.keys(COLUMN), ...Object.keys(CONSTANT)].join(", ");
    throw invalidParameter("Filters", `The key of a filter must be one of: ${names}.`);
  }
  if (!strings?.every((one) => typeof one === "string")) {
    throw invalidParameter(
      "Filters",
      `The values of a filter must be an array of at most ${MAX_FILTER_VALUES} strings.`,
    );
  }
  // No column holds NUL, and PostgreSQL takes none.
  return { key, values: strings.filter((one) => !one.includes("\0") && !/\p{Surrogate}/u.test(one)) };
}
