import { MAX_TAG_CHARACTERS } from "../../policy/limits.ts";
import { invalidParameter, KmsError } from "../../ports/errors.ts";
import type { Field } from "../../schema/field.ts";
import { listOf, listOfStrings } from "../../schema/list.ts";
import { fields } from "../../schema/schema.ts";
import { string } from "../../schema/text.ts";

export interface Tag {
  readonly tagKey: string;
  readonly tagValue: string;
}

const CHARACTERS = /^[A-Za-z0-9/\\_.+=:@ -]*$/;
const FORM = `at most ${MAX_TAG_CHARACTERS} letters, digits, spaces and / \\ _ - . + = : @`;

const tagValue: Field<string, string, true> = {
  ...string({ form: FORM }),
  read(value, parameter) {
    const fits = typeof value === "string" && value.length <= MAX_TAG_CHARACTERS && CHARACTERS.test(value);
    if (fits) return value;
    throw invalidParameter(parameter, `It must be ${FORM}.`);
  },
};

const tagKey: Field<string, string, true> = {
  ...tagValue,
  read(value, parameter) {
    const key = tagValue.read(value, parameter);
    if (key !== "" && !key.startsWith("aliyun") && !key.startsWith("acs:")) return key;
    throw invalidParameter(parameter, 'A TagKey must not be empty, nor begin with "aliyun" or "acs:".');
  },
};

const tag = fields<Tag>()({ tagKey, tagValue });

/** A list of tags with no key twice. */
export function tagList(most: number): Field<readonly Tag[], readonly Tag[], true> {
  const check = (tags: readonly Tag[], parameter: string) => {
    if (new Set(tags.map((one) => one.tagKey)).size === tags.length) return;
    throw invalidParameter(parameter, "A TagKey comes twice.");
  };
  return listOf(tag, { most, tooMany: tooManyTags, check, item: "Tag" });
}

export function tagKeyList(most: number): Field<readonly string[], readonly string[], true> {
  return listOfStrings({ most, readItem: tagKey.read });
}

export function tooManyTags(most: number): KmsError {
  return new KmsError(
    "Rejected.LimitExceeded",
    `The request was rejected because user create resource limit was exceeded. A key may have ${most} tags.`,
  );
}
