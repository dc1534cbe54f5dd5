import { readFileSync } from "node:fs";
import { Kms } from "lanelock/kms";
import { expect, test } from "vitest";
import { OPERATIONS } from "../../src/kms/operations/operation-table.ts";

const sources = ["kms.ts", "facade/key-management.ts", "facade/operations-facade.ts"]
  .map((name) => readFileSync(new URL(`../../src/kms/${name}`, import.meta.url), "utf8"))
  .join("\n");

test.each(Object.keys(OPERATIONS))("%s is a method with a docstring and an example that calls it", (name) => {
  expect(Reflect.get(Kms.prototype, name)).toBeTypeOf("function");
  const [, comment = ""] = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\n  ${name}\\(`).exec(sources) ?? [];
  expect(comment).toMatch(/[A-Z].{20}/);
  expect(comment).toContain("@example");
  expect(comment).toContain(`kms.${name}(`);
});
