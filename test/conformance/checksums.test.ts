import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../vectors/", import.meta.url));
const notVectors = new Set(["README.md", "SHA256SUMS"]);

test("every vector file is the one SHA256SUMS names", () => {
  const present = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length).replace(/^\//, ""))
    .filter((path) => !notVectors.has(path));
  const sums = present.map((path) => [
    path,
    createHash("sha256")
      .update(readFileSync(folder + path))
      .digest("hex"),
  ]);
  const listed = readFileSync(`${folder}SHA256SUMS`, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => [line.slice(66), line.slice(0, 64)]);
  expect(Object.fromEntries(sums)).toEqual(Object.fromEntries(listed));
  expect(listed.length).toBeGreaterThanOrEqual(44);
});
