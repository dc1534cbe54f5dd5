import { expect, test } from "vitest";
import { Examples } from "./examples.ts";

test("the examples of docs/aeads.md run as they stand there", () => {
  const examples = new Examples("docs/aeads.md", { places: {} });
  expect(examples.count("js")).toBe(2);
  expect(examples.runScript(0)).toBe("true\ntwelve tulips\n");
  expect(examples.runScript(1)).toBe("0\nHangzhou\n");
});
