import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { launchBrowser } from "../browser/browsers.ts";
import { startServer } from "../browser/server.ts";
import { bundleForBrowser } from "../package/bundle.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Opens the blob of the visit before, and keeps the one of this visit. */
const visit = `
const earlier = localStorage.getItem("blob");
const opened = earlier && (await kms.decrypt({ ciphertextBlob: Uint8Array.from(JSON.parse(earlier)) })).plaintext;
localStorage.setItem("blob", JSON.stringify([...ciphertextBlob]));
globalThis.visited = { before: aliases.length, opened: opened && new TextDecoder().decode(opened) };`;

test("the example of docs/stores.md runs in a page as it stands there, and again after a reload", async () => {
  const text = readFileSync(`${root}docs/stores.md`, "utf8");
  const examples = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
  expect(examples).toHaveLength(1);
  const contents = `${examples[0]}${visit}`;
  const bundle = await bundleForBrowser("", {
    entryPoints: [],
    stdin: { contents, resolveDir: root, loader: "ts" },
    tsconfigRaw: "{}",
  });
  const { server, origin } = await startServer(new Map([["/example.js", bundle.text]]));
  const browser = await launchBrowser("chromium");
  try {
    // What is waited for is evaluated in the page.
    const query = new URLSearchParams({ policy: "'self' 'wasm-unsafe-eval' 'unsafe-eval'", script: "/example.js" });
    const visits: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const tab = await browser.open(`${origin}/page?${query}`);
      await tab.waitFor("'visited' in globalThis");
      visits.push(await tab.evaluate("visited"));
      await tab.close();
    }
    expect(visits).toEqual([
      { before: 0, opened: null },
      { before: 1, opened: "still here after a reload" },
    ]);
  } finally {
    await browser.close();
    server.close();
  }
});
