import { setTimeout } from "node:timers/promises";
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

// Debian's browsers (tools/debian-parts.sh) behind one interface, for tests that run in each of them. Chromium is driven by
// Playwright. Playwright drives only a Firefox of its own, so Debian's is driven by Puppeteer, over WebDriver BiDi.

export type BrowserName = "chromium" | "firefox";

export const browserNames: readonly BrowserName[] = ["chromium", "firefox"];

export interface Tab {
  /** The value of an expression of JavaScript, or what its promise resolves to, if JSON can carry it. */
  evaluate(expression: string): Promise<unknown>;
  /** Resolves once the expression is true. */
  waitFor(expression: string): Promise<void>;
  close(): Promise<void>;
}

export interface TestBrowser {
  readonly version: string;
  /** A new tab, once the page's `load` event is over. The tabs of one browser share their storage. */
  open(url: string): Promise<Tab>;
  close(): Promise<void>;
}

/** Longer than any suite takes on a busy machine, in milliseconds. */
const timeout = 3_600_000;

/** Asked from outside: a page's policy forbids it to evaluate the expression by itself, as the drivers' own waiting would. */
async function poll(isTrue: () => Promise<unknown>): Promise<void> {
  const end = Date.now() + timeout;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`The page's condition is not true after ${timeout} ms`);
    await setTimeout(20);
  }
}

const launchers: Readonly<Record<BrowserName, (options: readonly string[]) => Promise<TestBrowser>>> = {
  async chromium(options) {
    const args = ["--no-sandbox", ...options];
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
    const context = await browser.newContext();
    return {
      version: browser.version(),
      async open(url) {
        const page = await context.newPage();
        await page.goto(url, { timeout });
        return {
          evaluate: (expression) => page.evaluate(expression),
          waitFor: (expression) => poll(() => page.evaluate(expression)),
          close: () => page.close(),
        };
      },
      close: () => browser.close(),
    };
  },

  async firefox(options) {
    const browser = await puppeteer.launch({
      ...{ browser: "firefox", executablePath: "/usr/bin/firefox-esr", headless: true },
      ...{ timeout, protocolTimeout: timeout, args: [...options] },
    });
    return {
      version: (await browser.version()).replace("firefox/", ""),
      async open(url) {
        const page = await browser.newPage();
        await page.goto(url, { timeout });
        return {
          evaluate: (expression) => page.evaluate(expression),
          waitFor: (expression) => poll(() => page.evaluate(expression)),
          close: () => page.close(),
        };
      },
      close: () => browser.close(),
    };
  },
};

/** Starts a browser without a window, with an empty profile. `options` are of its command line. */
export function launchBrowser(name: BrowserName, options: readonly string[] = []): Promise<TestBrowser> {
  return launchers[name](options);
}
