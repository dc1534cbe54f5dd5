import { expect, test } from "vitest";
import { Examples } from "./examples.ts";

test("the examples of docs/modes.md run as they stand there", () => {
  const examples = new Examples("docs/modes.md", { places: {} });
  expect(examples.count("js")).toBe(2);
  expect(examples.runScript(0)).toBe("true\ntrue\n");
  expect(examples.runScript(1)).toBe("32\n");
});
