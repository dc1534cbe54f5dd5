import type { Kms } from "lanelock/kms";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

let kms: Kms;
let keyId: string;
beforeAll(async () => {
  kms = await openKms();
  keyId = await createKeyId(kms);
});
afterAll(() => kms.close());

/** An array with a hole in front of, between or behind what is given. */
function sparse(at: number, ...values: readonly unknown[]): never {
  const array: unknown[] = [];
  array.length = values.length + 1;
  for (const [index, value] of values.entries()) array[index < at ? index : index + 1] = value;
  return array as never;
}

const tag = { tagKey: "a", tagValue: "b" };
const filter = { key: "KeyState", values: ["Enabled"] };

test.each([
  ["ListKeys filters", (at: number) => kms.listKeys({ filters: sparse(at, filter) })],
  ["the values of a filter", (at: number) => kms.listKeys({ filters: [{ key: "KeyId", values: sparse(at, keyId) }] })],
  ["CreateKey tags", (at: number) => kms.createKey({ tags: sparse(at, tag) })],
  ["TagResource tags", (at: number) => kms.tagResource({ keyId, tags: sparse(at, tag) })],
  ["UntagResource tagKeys", (at: number) => kms.untagResource({ keyId, tagKeys: sparse(at, "a") })],
])("a hole in %s is InvalidParameter, and nothing is done", async (_, call) => {
  await kms.tagResource({ keyId, tags: [{ tagKey: "a", tagValue: "kept" }] });
  for (const at of [0, 1]) await expect(call(at)).rejects.toMatchObject({ code: "InvalidParameter" });
  expect((await kms.listResourceTags({ keyId })).tags).toEqual([{ keyId, tagKey: "a", tagValue: "kept" }]);
  expect((await kms.listKeys()).totalCount).toBe(1);
});

test("a sparse array of any length is refused by its length", async () => {
  const long: never[] = [];
  long.length = 2 ** 32 - 1;
  await expect(kms.listKeys({ filters: long })).rejects.toMatchObject({ code: "InvalidParameter" });
  await expect(kms.createKey({ tags: long })).rejects.toMatchObject({ code: "Rejected.LimitExceeded" });
  await expect(kms.untagResource({ keyId, tagKeys: long })).rejects.toMatchObject({ code: "InvalidParameter" });
});
