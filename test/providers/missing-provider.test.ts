import { Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { rootKey } from "../kms/open-kms.ts";

test.each([
  ["HSM", "hsm"],
  ["EXTERNAL", "external"],
] as const)("a KMS without a provider of level %s names the option that it needs", async (protectionLevel, option) => {
  await using kms = await Kms.open({ store: memoryStore(), rootKey, sweepSeconds: false });
  await expect(kms.createKey({ protectionLevel })).rejects.toMatchObject({
    code: "UnsupportedOperation",
    message: expect.stringMatching(new RegExp(`protection level ${protectionLevel}.*the option "${option}"`)),
  });
  expect((await kms.listKeys({})).totalCount).toBe(0);
});
