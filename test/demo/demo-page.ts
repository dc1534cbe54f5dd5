import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { buildDemo } from "../../tools/demo/build.mjs";
import { serveDemo } from "../../tools/demo/serve.mjs";

const load = createRequire(new URL("../package/tools/package.json", import.meta.url));
const axeSource = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");

export interface Look {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
  readonly language?: "en-US" | "zh-CN";
  /** The address's fragment, with `#`. */
  readonly fragment?: string;
  /** Lets the page install its service worker, which fetches every file of it. */
  readonly offline?: boolean;
  /** Another place that serves the page. */
  readonly url?: string;
  /** Called before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** The demo's page as `npm run demo` builds and serves it, in Debian's Chromium. */
export class DemoInChromium {
  readonly #browser: Browser;
  readonly #close: () => void;
  readonly url: string;
  readonly folder: string;
  /** Whatever the page's policy or its code complained of. */
  readonly complaints: string[] = [];

  private constructor(browser: Browser, place: { readonly url: string; readonly folder: string }, close: () => void) {
    this.#browser = browser;
    this.url = place.url;
    this.folder = place.folder;
    this.#close = close;
  }

  static async start(): Promise<DemoInChromium> {
    const folder = mkdtempSync(join(tmpdir(), "lanelock-demo-"));
    await buildDemo(folder);
    const { server, url } = await serveDemo(folder);
    // Memory is measured at once, not when the browser has nothing else to do.
    const args = ["--no-sandbox", "--enable-blink-features=ForceEagerMeasureMemory"];
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
    return new DemoInChromium(browser, { url, folder }, () => {
      server.close();
      rmSync(folder, { recursive: true });
    });
  }

  /** Opens the page and scrolls to a section, whose view is then mounted. */
  async open(view: "files" | "race" | "traces", look: Look = {}): Promise<Page> {
    const { width = 1_280, colorScheme = "light", language = "en-US", url = this.url, fragment = "" } = look;
    const context = await this.#browser.newContext({
      ...{ viewport: { width, height: 900 }, colorScheme, locale: language, reducedMotion: "reduce" },
      permissions: ["clipboard-read", "clipboard-write"],
      serviceWorkers: look.offline ? "allow" : "block",
    });
    context.setDefaultTimeout(240_000);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.text() !== "Service Worker registration blocked by Playwright") this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    await look.prepare?.(page);
    await page.goto(url + fragment);
    await page.locator(`#${view}`).scrollIntoViewIfNeeded();
    await page.waitForSelector(`#${view} form, #${view} button`);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    this.#close();
  }
}

/** What axe finds wrong with a part of the page. */
export async function violations(page: Page, part: string): Promise<unknown> {
  await page.evaluate(axeSource);
  return page.evaluate(
    `axe.run(${JSON.stringify(part)}, { resultTypes: ["violations"] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) })))`,
  );
}

export const copied = (page: Page): Promise<string> => page.evaluate("navigator.clipboard.readText()");
