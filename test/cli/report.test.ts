import { expect, test } from "vitest";
import { fields, table } from "../../src/cli/report/report.ts";

test("what a terminal would obey is shown as escapes, in fields and in tables", () => {
  const hostile = "a\x1b[2J\x07\r\nkeyState  Enabled\u2028\u202eb\x9b";
  const escaped = "a\\u001b[2J\\u0007\\u000d\\u000akeyState  Enabled\\u2028\\u202eb\\u009b";
  expect(fields({ description: hostile, note: "densité 密码" })).toBe(
    `description  ${escaped}\nnote         densité 密码`,
  );
  expect(table(["ALIASES"], [[hostile]])).toBe(`ALIASES\n${escaped}`);
});
