import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";

// The code of docs/envelope.md, run as it stands there by the built package.

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = scratchFolder("envelope-document");
/** In the project, so that the package's own name leads to it. */
const program = join(root, `build/envelope-document-${process.pid}.mjs`);
afterAll(() => rmSync(program, { force: true }));

test("the examples run, and give the results that they show", () => {
  const document = readFileSync(join(root, "docs/envelope.md"), "utf8");
  const blocks = [...document.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
  expect(blocks.length).toBe(5);
  const plain = randomBytes(200_000);
  writeFileSync(join(folder, "plain"), plain);
  const report = `
    const answer = { opened: new TextDecoder().decode(opened), text, page: Buffer.from(page).toString("hex"),
      moved: new TextDecoder().decode(await files.open(moved)), messages: messages.length };
    console.log(JSON.stringify(answer));`;
  // `using` is no part of the JavaScript of Node 20.
  const { code } = transformSync(`${blocks.join("\n")}${report}`, { loader: "ts", format: "esm", target: "node20" });
  writeFileSync(program, code);
  const lines = execFileSync(process.execPath, [program], { cwd: folder, encoding: "utf8" }).trim().split("\n");
  expect(lines[0]).toMatch(/^key-[0-9a-z-]+ true$/);
  expect(JSON.parse(lines[1] ?? "")).toEqual({
    ...{ opened: "of any size", text: "from a page", moved: "of any size", messages: 10 },
    page: plain.subarray(100_000, 104_096).toString("hex"),
  });
});
