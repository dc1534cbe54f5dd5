import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Script } from "./script.ts";

const directory = fileURLToPath(new URL("scripts/", import.meta.url));
const scripts = readdirSync(directory).filter((name) => name.endsWith(".txt"));

test("there are scripts", () => {
  expect(scripts.length).toBeGreaterThan(5);
});

test.concurrent.each(scripts)("%s", async (name) => {
  const script = new Script();
  try {
    await script.run(`${directory}${name}`);
  } finally {
    script.dispose();
  }
});
