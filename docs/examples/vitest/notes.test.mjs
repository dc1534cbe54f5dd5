import { expect, test } from "vitest";
import { openNote, sealNote } from "../notes.mjs";

test("a note is sealed and opened", async () => {
  const sealed = await sealNote("twelve tulips");
  expect(sealed).not.toContain("tulips");
  expect(await openNote(sealed)).toBe("twelve tulips");
});

test("a note that was changed is refused", async () => {
  const sealed = Buffer.from(await sealNote("twelve tulips"), "base64");
  sealed[sealed.length - 1] ^= 1;
  await expect(openNote(sealed.toString("base64"))).rejects.toMatchObject({ code: "InvalidParameterError" });
});
