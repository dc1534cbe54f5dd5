import { LanelockError } from "lanelock";
import { expect, test } from "vitest";

test("an error carries its code, its message and its cause", () => {
  const cause = new Error("the reason");
  const error = new LanelockError("ERR_KEY", "AES takes keys of 16, 24 or 32 bytes", { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "LanelockError", code: "ERR_KEY", cause });
});
