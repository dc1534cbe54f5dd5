import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { texts } from "../../demo/strings.ts";
import { buildDemo, buildServiceWorker } from "../../tools/demo/build.mjs";
import { serveDemo } from "../../tools/demo/serve.mjs";
import { DemoInChromium, violations } from "./demo-page.ts";

// The demo's page around its views, in Debian's Chromium: languages, policy, offline use, new versions, accessibility.

let demo: DemoInChromium;
beforeAll(async () => {
  demo = await DemoInChromium.start();
});
afterAll(() => demo?.[Symbol.asyncDispose]());
afterEach(() => expect(demo.complaints.splice(0)).toEqual([]));

const isOffline = (page: Page) => page.getByText(texts.en.offlineReady).waitFor();

async function sealSomething(page: Page): Promise<void> {
  const file = { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("twelve tulips") };
  await page.locator("#choose-files").setInputFiles(file);
  await page.getByText("every byte is the same").waitFor();
}

test("the English of the page is that of its texts", () => {
  const html = readFileSync(new URL("../../demo/index.html", import.meta.url), "utf8");
  const { document } = new JSDOM(html).window;
  const marked = [...document.querySelectorAll<HTMLElement>("[data-text], [data-label]")];
  expect(marked.length).toBeGreaterThan(20);
  for (const element of marked) {
    const { text, label } = element.dataset;
    if (text !== undefined) expect(element.textContent).toBe(Reflect.get(texts.en, text));
    if (label !== undefined) expect(element.getAttribute("aria-label")).toBe(Reflect.get(texts.en, label));
  }
  expect(document.title).toBe(texts.en.title);
});

test("both languages: the browser's first, the chosen one after that, and everything follows", async () => {
  const page = await demo.open("files", { language: "zh-CN" });
  const heading = page.getByRole("heading", { level: 1 });
  expect(await heading.innerText()).toBe(texts.zh.headline);
  await page
    .locator("#choose-files")
    .setInputFiles({ name: "甲.txt", mimeType: "text/plain", buffer: Buffer.from("一") });
  await page.locator(".outcome").getByText("逐字节比对一致").waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
  await page.getByRole("button", { name: "English" }).click();
  expect(await page.locator("html").getAttribute("lang")).toBe("en");
  await page.getByText("every byte is the same").waitFor();
  const chinese = async () => (await page.locator("body").innerText()).match(/\p{Script=Han}+/gu);
  // The other language's button, and the file's own name.
  expect(await chinese()).toEqual(["中文", "甲"]);
  expect(await page.title()).toBe(texts.en.title);
  await page.reload();
  expect(await heading.innerText()).toBe(texts.en.headline);
  await page.context().close();
});

test("the policy forbids scripts and styles of others, by header and by itself, and complains of none of the page's own", async () => {
  const response = await fetch(demo.url);
  const html = await response.text();
  const [, own = ""] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html) ?? [];
  expect(response.headers.get("content-security-policy")).toBe(`${own}; frame-ancestors 'none'`);
  expect(own).toContain("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'");
  for (const path of ["package.json", "../package.json", "%2e%2e/package.json", ".hidden", "no-such-file"]) {
    expect((await fetch(demo.url + path)).status, path).toBe(404);
  }
  const page = await demo.open("files");
  await sealSomething(page);
  expect(demo.complaints).toEqual([]);
  const refused = page.evaluate(() => {
    const violation = new Promise((resolve) =>
      document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective), {
        once: true,
      }),
    );
    const script = document.createElement("script");
    script.textContent = "document.title = 'run'";
    document.body.append(script);
    return violation;
  });
  expect(await refused).toBe("script-src-elem");
  expect(demo.complaints.splice(0).every((text) => text.includes("Content Security Policy"))).toBe(true);
  await page.context().close();
});

test("without a network the page opens and seals; a new version waits until it is asked for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lanelock-demo-"));
  await buildDemo(folder);
  const { server, url } = await serveDemo(folder);
  const page = await demo.open("files", { url, offline: true });
  await isOffline(page);
  const { port } = server.address() as AddressInfo;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await page.reload();
  await sealSomething(page);
  for (const view of ["race", "traces"]) {
    await page.locator(`#${view}`).scrollIntoViewIfNeeded();
    await page.waitForSelector(`#${view} form`);
  }
  // The service worker sends the headers that a host of static files may leave out.
  const headers = await page.evaluate(async () => {
    const response = await fetch("main.js");
    return [response.headers.get("content-security-policy"), response.headers.get("cross-origin-opener-policy")];
  });
  expect(headers).toEqual([expect.stringContaining("frame-ancestors 'none'"), "same-origin"]);

  const main = join(folder, "style.css");
  writeFileSync(main, `${readFileSync(main, "utf8")}\n:root { --version: new }\n`);
  await buildServiceWorker(folder);
  const again = await serveDemo(folder, port);
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  await page.getByText("A new version of this page is ready.").waitFor();
  const version = () => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--version"));
  expect(await version()).toBe("");
  await page.getByRole("button", { name: "Reload" }).click();
  await expect.poll(version).toBe("new");
  expect(await page.evaluate(async () => (await caches.keys()).length)).toBe(1);
  await page.context().close();
  again.server.closeAllConnections();
  again.server.close();
  rmSync(folder, { recursive: true });
});

test("any host of static files will do: in a folder, without a header", async () => {
  const types: Record<string, string> = { js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
  const server = createServer(({ url = "" }, response) => {
    const name = url.replace(/^\/some\/folder\//, "") || "index.html";
    const type = types[name.split(".").at(-1) ?? ""] ?? "text/html";
    response.writeHead(200, { "content-type": type }).end(readFileSync(join(demo.folder, name)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/folder/`;
  const page = await demo.open("files", { url, offline: true });
  await sealSomething(page);
  await page.getByRole("radio", { name: "SM4", exact: true }).check();
  await sealSomething(page);
  await isOffline(page);
  const blocked = page.evaluate("new Promise((resolve) => fetch('https://example.com').catch(resolve)).then(String)");
  expect(await blocked).toContain("TypeError");
  expect(demo.complaints.splice(0).every((text) => /connect-src|violates/.test(text))).toBe(true);
  await page.context().close();
  server.closeAllConnections();
  server.close();
});

test("by keyboard alone: past the menu, choose a cipher, seal, tamper; with reduced motion nothing moves", async () => {
  const page = await demo.open("files");
  const duration = () =>
    page.evaluate(() => getComputedStyle(document.querySelector("button") as Element).transitionDuration);
  expect(await duration()).toBe("0s");
  await page.emulateMedia({ reducedMotion: "no-preference" });
  expect(await duration()).toContain("0.15s");
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: element } = document;
      return element instanceof HTMLInputElement
        ? `${element.type} ${element.labels?.[0]?.innerText ?? ""}`
        : element?.textContent;
    });
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Skip to content");
  await page.keyboard.press("Enter");
  const order: unknown[] = [];
  for (let count = 0; count < 3; count++) {
    await page.keyboard.press("Tab");
    order.push(await focused());
  }
  expect(order).toEqual(["file Choose files", "Try a 64 MiB sample", "radio AES-256"]);
  await page.keyboard.press("ArrowRight");
  expect(await focused()).toBe("radio SM4");
  await sealSomething(page);
  const announced = page.locator("#announcement");
  expect(await announced.innerText()).toBe("a.txt: sealed, opened again, every byte the same.");
  await page.getByRole("button", { name: "Tamper with it: a.txt" }).press("Enter");
  await page.keyboard.press("Tab");
  expect(await focused()).toMatch(/^range/);
  await page.keyboard.press("End");
  await page.getByText("Refused at segment 1.").waitFor();
  await page.context().close();
});

const LOOKS = [
  { width: 360, colorScheme: "dark", language: "zh-CN" },
  { width: 1_440, colorScheme: "light", language: "en-US" },
  { width: 360, colorScheme: "light", language: "en-US" },
  { width: 1_440, colorScheme: "dark", language: "zh-CN" },
] as const;

test.each(LOOKS.slice(0, process.env.LANELOCK_LONG === "1" ? undefined : 2))(
  "at $width px, $colorScheme, $language: axe finds nothing, nothing is wider than the page",
  async (look) => {
    const page = await demo.open("files", look);
    const input = page.locator("#choose-files");
    await input.setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.alloc(600_000, 1) });
    const row = page.locator(".file");
    await row.locator(".outcome li").nth(1).waitFor();
    await row.locator(".actions button").last().click();
    await row.locator(".tamper-choice button").click();
    await row.getByText("ERR_AUTHENTICATION").waitFor();
    expect(await violations(page, "html")).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(look.width);
    for (const role of ["banner", "main", "contentinfo"] as const) expect(await page.getByRole(role).count()).toBe(1);
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
    // A control: axe would find a button without a name.
    await page.evaluate(() => document.querySelector("main")?.append(document.createElement("button")));
    expect(JSON.stringify(await violations(page, "html"))).toContain("button-name");
    await page.context().close();
  },
);
