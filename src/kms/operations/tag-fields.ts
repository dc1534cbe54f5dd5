import { MAX_TAG_CHARACTERS } from "../policy/limits.ts";
import { invalidParameter, KmsError, missingParameter } from "../ports/errors.ts";
import { elements } from "../wire/request-fields.ts";

export interface Tag {
  readonly tagKey: string;
  readonly tagValue: string;
}

const CHARACTERS = /^[A-Za-z0-9/\\_.+=:@ -]*$/;

function checkedTag(tag: unknown): Tag {
  const { tagKey, tagValue } = (typeof tag === "object" && tag !== null ? tag : {}) as Partial<Record<string, unknown>>;
  return { tagKey: tagKeyField(tagKey), tagValue: text(tagValue, "TagValue") };
}

function text(value: unknown, what: string): string {
  const fits = typeof value === "string" && value.length <= MAX_TAG_CHARACTERS && CHARACTERS.test(value);
  if (fits) return value;
  const rule = `at most ${MAX_TAG_CHARACTERS} letters, digits, spaces and / \\ _ - . + = : @`;
  throw invalidParameter("Tags", `A ${what} must be ${rule}.`);
}

export function tagKeyField(value: unknown): string {
  const key = text(value, "TagKey");
  if (key === "" || key.startsWith("aliyun") || key.startsWith("acs:")) {
    throw invalidParameter("Tags", 'A TagKey must not be empty, nor begin with "aliyun" or "acs:".');
  }
  return key;
}

/** A list of tags with no key twice. */
export function tagsField(value: unknown, most: number): readonly Tag[] {
  if (!Array.isArray(value)) throw invalidParameter("Tags", "It must be an array of { tagKey, tagValue }.");
  const given = elements(value, most);
  if (given === undefined) throw tooMany(most);
  const tags = given.map(checkedTag);
  if (new Set(tags.map((tag) => tag.tagKey)).size < tags.length)
    throw invalidParameter("Tags", "A TagKey comes twice.");
  return tags;
}

export function requiredTags(value: unknown, most: number): readonly Tag[] {
  if (value === undefined || value === null) throw missingParameter("Tags");
  return tagsField(value, most);
}

export function tooMany(most: number): KmsError {
  return new KmsError(
    "Rejected.LimitExceeded",
    `The request was rejected because user create resource limit was exceeded. A key may have ${most} tags.`,
  );
}
