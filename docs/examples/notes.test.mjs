import assert from "node:assert/strict";
import { test } from "node:test";
import { openNote, sealNote } from "./notes.mjs";

test("a note is sealed and opened", async () => {
  const sealed = await sealNote("twelve tulips");
  assert.ok(!Buffer.from(sealed, "base64").includes("tulips"));
  assert.equal(await openNote(sealed), "twelve tulips");
});
