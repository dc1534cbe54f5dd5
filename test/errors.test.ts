import { LanelockError } from "lanelock";
import { KmsError } from "lanelock/kms";
import { expect, test } from "vitest";

test("an error carries its code, its message and its cause", () => {
  const cause = new Error("the reason");
  const error = new LanelockError("ERR_KEY", "AES takes keys of 16, 24 or 32 bytes", { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "LanelockError", code: "ERR_KEY", cause });
});

test("after instanceof, a code that does not exist does not compile", () => {
  const errors: unknown[] = [new LanelockError("ERR_KEY", ""), new KmsError("Rejected.Disabled", "")];
  for (const error of errors) {
    if (!(error instanceof LanelockError)) throw error;
    // @ts-expect-error: a misspelt code
    expect(error.code === "ERR_TYPO").toBe(false);
    // @ts-expect-error: the service spells it otherwise
    expect(error.code === "Rejected.disabled").toBe(false);
    expect(error.code === "ERR_KEY" || error.code === "Rejected.Disabled").toBe(true);
    if (!(error instanceof KmsError)) continue;
    // @ts-expect-error: not one of the service's
    expect(error.code === "ERR_KEY").toBe(false);
    expect(error.code === "Rejected.Disabled").toBe(true);
  }
  // @ts-expect-error: nor can it be made
  expect(new LanelockError("ERR_TYPO", "")).toBeInstanceOf(Error);
});
