import fc from "fast-check";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agreedWorks, Disagreement } from "../../demo/race/agreement.ts";
import { fromFragment, toFragment } from "../../demo/race/link.ts";
import { machineOf } from "../../demo/race/machine.ts";
import { toMarkdown } from "../../demo/race/markdown.ts";
import { race } from "../../demo/race/race.ts";
import {
  type Contender,
  type Figures,
  RECORDS_CONTENDERS,
  type RecordsContender,
  type Results,
  SIZES,
} from "../../demo/race/results.ts";
import { points } from "../../demo/race/verdict.ts";
import { copied, DemoInChromium, violations } from "./demo-page.ts";

// The race of the demo's page: what it computes, the links it reads, and the page itself in Debian's Chromium.

const long = process.env.LANELOCK_LONG === "1";

const figures = (median: number, best = median): Figures => ({ median, best });

/** Results in which WebCrypto takes over from 4 KiB on. */
const results: Results = {
  cipher: "aes",
  effort: "quick",
  machine: { browser: "firefox", version: 140, processors: 8 },
  day: "2026-11-28",
  sizes: SIZES.slice(0, 5),
  curves: new Map<Contender, Figures[]>([
    ["lanelock", [300, 400, 1_000, 3_000, 11_000].map((time) => figures(time + 100, time))],
    ["webcrypto", [4_000, 4_000, 4_100, 4_500, 5_500].map((time) => figures(time))],
    ["noble", [15_000, 16_000, 20_000, 45_000, 150_000].map((time) => figures(time))],
  ]),
  records: new Map<RecordsContender, Figures>([
    ["lanelock-many", figures(450_000, 430_000)],
    ["lanelock", figures(700_000)],
    ["webcrypto-all", figures(5_000_000)],
    ["webcrypto", figures(8_000_000)],
    ["noble", figures(60_000_000)],
  ]),
};

describe("a race", () => {
  const hooks = { pause: async () => {}, progress: () => {} };

  test.each(["aes", "sm4"] as const)(
    "%s: every contender is timed at every size and with the records",
    async (cipher) => {
      const machine = { browser: "other", version: 0, processors: 0 } as const;
      const { sizes, curves, records } = await race({ cipher, effort: "quick", largest: 1_024 }, machine, hooks);
      expect(sizes).toEqual([32, 64, 256, 1_024]);
      const all = [...[...curves.values()].flat(), ...records.values()];
      expect([...records.keys()].sort()).toEqual([...RECORDS_CONTENDERS[cipher]].sort());
      expect([...curves.values()].map(({ length }) => length)).toEqual(Array(cipher === "aes" ? 3 : 2).fill(4));
      expect(all.every(({ median, best }) => Number.isInteger(best) && best >= 1 && best <= median)).toBe(true);
    },
  );

  test("is stopped by a contender that gives other bytes, fewer bytes or fewer messages", async () => {
    const own = () => [Uint8Array.of(1, 2), Uint8Array.of(3)];
    const wrong = [
      [Uint8Array.of(1, 2), Uint8Array.of(4)],
      [Uint8Array.of(1), Uint8Array.of(3)],
      [Uint8Array.of(1, 2)],
    ];
    const list = (output: unknown) => output as Uint8Array[];
    const agree = (other: Uint8Array[]) => {
      const contenders = new Map<"lanelock" | "noble", () => unknown>([
        ["lanelock", own],
        ["noble", async () => other],
      ]);
      return agreedWorks(contenders, { input: 0, work: "records", list }, hooks.pause);
    };
    expect([...(await agree(own())).keys()]).toEqual(["lanelock", "noble"]);
    for (const other of wrong) await expect(agree(other)).rejects.toThrow(Disagreement);
  });

  test("ends where the page cancels it", async () => {
    let pauses = 0;
    const pause = async () => {
      pauses += 1;
      if (pauses === 5) throw new Error("cancelled");
    };
    const started = race({ cipher: "sm4", effort: "quick", largest: 1_024 }, results.machine, { ...hooks, pause });
    await expect(started).rejects.toThrow("cancelled");
  });
});

describe("what is said of results", () => {
  test("names who is faster where, WebCrypto too", () => {
    const [records, webCrypto = [], noble = []] = points(results);
    expect(records).toEqual([
      { kind: "records", own: "lanelock-many", ownTime: 430_000, rival: "webcrypto-all", rivalTime: 5_000_000 },
    ]);
    expect(webCrypto).toEqual([
      { kind: "crossing", rival: "webcrypto", until: 1_024, from: 4_096 },
      { kind: "at", rival: "webcrypto", bytes: 64, faster: true, times: 10 },
      { kind: "at", rival: "webcrypto", bytes: 4_096, faster: false, times: 2 },
    ]);
    expect(noble[0]).toEqual({ kind: "everywhere", rival: "noble", faster: true });
  });

  test("says so where lanelock is slower everywhere, and where neither wins", () => {
    const firstOf = (times: readonly number[]) => {
      const curves = new Map([...results.curves, ["webcrypto", times.map((time) => figures(time))] as const]);
      return points({ ...results, curves })[1]?.[0];
    };
    expect(firstOf([1, 1, 1, 1, 1])).toEqual({ kind: "everywhere", rival: "webcrypto", faster: false });
    expect(firstOf([1, 9_999, 1, 9_999, 1])).toEqual({ kind: "mixed", rival: "webcrypto" });
  });

  test("is a table in Markdown", () => {
    const text = toMarkdown(results);
    expect(text).toContain("**AES-256-GCM: seal** – Firefox 140, 8 processors, quick run, 2026-11-28.");
    expect(text).toContain("| 64 B | 160 MB/s, 400 ns (500 ns) | 16 MB/s, 4 µs (4 µs) | 4 MB/s, 16 µs (16 µs) |");
    expect(text).toContain("| lanelock (sealMany) | 430 µs | 450 µs |");
    const rows = text.split("\n").filter((line) => line.startsWith("|"));
    expect(new Set(rows.slice(0, 7).map((line) => line.split("|").length))).toEqual(new Set([6]));
  });

  test.each([
    [
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
      "chromium",
      141,
    ],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
      "edge",
      141,
    ],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "firefox", 140],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
      "safari",
      26,
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
      "safari",
      18,
    ],
    ["curl/8", "other", 0],
  ])("knows the browser of %s", (userAgent, browser, version) => {
    const machine = machineOf({ userAgent, hardwareConcurrency: 8 } as Navigator);
    expect(machine).toEqual({ browser, version, processors: 8 });
  });
});

describe("a link", () => {
  const fragment = toFragment(results);

  test("gives back the results that it was made of", () => {
    expect(fromFragment(fragment)).toEqual(results);
    expect(fromFragment(fragment.replaceAll("~", "%7E"))).toEqual(results);
    expect(fragment.length).toBeLessThan(400);
  });

  test.each([
    ["markup", fragment.replace("firefox", "<img src=x onerror=alert(1)>")],
    ["an unknown browser", fragment.replace("firefox", "trustworthy")],
    ["a name of every object", fragment.replace("noble", "constructor")],
    ["a contender of another cipher", fragment.replace("noble", "sm-crypto")],
    ["a contender twice", fragment.replace("~noble.", "~webcrypto.")],
    ["contenders in another order", fragment.replace("~records~", "~records~noble.1.1~")],
    ["no lanelock", fragment.replace(/~lanelock\.[^~]*/, "")],
    ["no records", fragment.replace(/~records~.*/, "~records")],
    ["no curves", fragment.replace(/~5~.*~records/, "~5~records")],
    ["a figure too few", fragment.replace(/\.[0-9a-z]+~webcrypto/, "~webcrypto")],
    ["a figure too many", fragment.replace("~webcrypto", ".1~webcrypto")],
    ["a figure of zero", fragment.replace(/lanelock\.[0-9a-z]+/, "lanelock.0")],
    ["a negative figure", fragment.replace(/lanelock\.[0-9a-z]+/, "lanelock.-1")],
    ["an endless figure", fragment.replace(/lanelock\.[0-9a-z]+/, "lanelock.zzzzzzzzz")],
    ["a figure that is no number", fragment.replace(/lanelock\.[0-9a-z]+/, "lanelock.NaN")],
    ["a number with a zero before it", fragment.replace(/lanelock\./, "lanelock.0")],
    ["a median below the best", fragment.replace(/lanelock\.[0-9a-z]+/, "lanelock.1")],
    ["no sizes", fragment.replace("~5~", "~0~")],
    ["more sizes than there are", fragment.replace("~5~", "~c~")],
    ["a day that does not exist", fragment.replace("20261128", "20260230")],
    ["a day of another form", fragment.replace("20261128", "2026-11-28")],
    ["an unknown cipher", fragment.replace("~aes~", "~des~")],
    ["an unknown effort", fragment.replace("~quick~", "~lazy~")],
    ["more processors than there are", fragment.replace(/firefox\.3w\.8/, "firefox.3w.rs")],
    ["nothing", "race="],
    ["a version alone", "race=1"],
    ["an end that is cut off", fragment.slice(0, -3).replace(/\.[^.]*$/, "")],
    ["too much", `${fragment}${"~".repeat(2_000)}`],
    ["percent signs", fragment.replaceAll(".", "%2E")],
    ["an empty field", fragment.replace("~records", "~~records")],
  ])("with %s is refused as damaged", (_what, hostile) => {
    expect(hostile).not.toBe(fragment);
    expect(fromFragment(hostile)).toBe("damaged");
  });

  test("of a later version is refused as newer", () => {
    expect(fromFragment(fragment.replace("race=1", "race=2"))).toBe("newer");
  });

  test("with any character changed, or of any text, is refused or means what its own results would say", () => {
    const changed = fc
      .tuple(fc.nat(fragment.length - 1), fc.constantFrom(..."0az9.~-<%é"))
      .map(([at, character]) => fragment.slice(0, at) + character + fragment.slice(at + 1));
    const anything = fc.oneof(
      changed,
      fc.string({ unit: "binary" }).map((text) => `race=1~${text}`),
      fc.string(),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const read = fromFragment(text);
        if (typeof read === "string") expect(["damaged", "newer"]).toContain(read);
        else expect(toFragment(read)).toBe(text);
      }),
      { numRuns: long ? 50_000 : 300 },
    );
  });
});

describe("in Chromium", () => {
  let demo: DemoInChromium;
  beforeAll(async () => {
    demo = await DemoInChromium.start();
  });
  afterAll(() => demo?.[Symbol.asyncDispose]());

  test("a race shows curves and bars, and is copied as Markdown and as a link that others see", async () => {
    const page = await demo.open("race");
    await page.selectOption("#race-largest", "65536");
    await page.click("#race button[type=submit]");
    await page.waitForSelector("#race .curves");
    expect(await page.locator("#race .origin").textContent()).toContain("Measured on this machine");
    expect(await page.locator("#race .curve").count()).toBe(3);
    expect(await page.locator("#race .bar-row").count()).toBe(5);
    expect(await page.locator("#race .findings li").count()).toBe(3);
    expect(await page.locator("#race-largest").isEnabled()).toBe(true);

    await page.locator("#race-size").press("End");
    expect(await page.locator("#race-size").getAttribute("aria-valuetext")).toBe("64 KiB");
    const speed = (await page.locator("#race .readout dd").first().textContent()) ?? "";

    await page.click("text=Copy as Markdown");
    await page.waitForSelector("#race .copying :text('Copied.')");
    const markdown = await copied(page);
    expect(markdown).toContain(`| 64 KiB | ${speed},`);
    await page.click("text=Copy as link");
    await expect.poll(() => copied(page), { timeout: 240_000 }).toContain("#race=1~aes~");
    const link = new URL(await copied(page));
    expect(link.href.startsWith(demo.url)).toBe(true);

    const theirs = await demo.open("race", { fragment: link.hash, language: "zh-CN", width: 360, colorScheme: "dark" });
    expect(await theirs.locator("#race .origin").textContent()).toContain("在另一台机器上测得");
    await theirs.locator("#race-size").press("End");
    expect(await theirs.locator("#race .readout dd").first().textContent()).toBe(speed);
    await theirs.click("[data-language=en]");
    expect(await theirs.locator("#race .origin").textContent()).toContain("not checked by this page");
    await theirs.locator("#race details").first().locator("summary").click();
    expect(await theirs.locator("#race tbody tr").count()).toBe(8);
    expect(await theirs.evaluate("document.documentElement.scrollWidth")).toBe(360);
    expect(await violations(theirs, "#race")).toEqual([]);
    expect(await violations(page, "#race")).toEqual([]);
  });

  test("a race is cancelled", async () => {
    const page = await demo.open("race");
    await page.check("#race [value=sm4]", { force: true });
    await page.click("#race button[type=submit]");
    await page.waitForSelector("#race progress");
    await page.click("#race button:text('Cancel')");
    await page.waitForSelector("text=The race was cancelled.");
    expect(await page.locator("#race button[type=submit]").isEnabled()).toBe(true);
    expect(await page.locator("#race .curves").count()).toBe(0);
    await page.context().close();
  });

  test("a hostile link is refused in words, and nothing of it is shown", async () => {
    const page = await demo.open("race", { fragment: `#race=1~<img src=x onerror="document.title='taken'">` });
    await page.waitForSelector("#race .notice.bad:text('damaged or incomplete')");
    expect(await page.locator("#race img").count()).toBe(0);
    expect(await page.title()).toContain("lanelock");
    expect(await page.locator("#race .curves").count()).toBe(0);
    await page.evaluate((hash) => {
      location.hash = hash;
    }, toFragment(results));
    await page.waitForSelector("#race .curves");
    expect(await page.locator("#race .notice.bad").isHidden()).toBe(true);
    expect(await page.locator("#race .origin").textContent()).toContain("Firefox 140");
    await page.context().close();
  });

  test("a page that cannot load the script of the race says so, and can race once it can", async () => {
    const prepare = async (page: Page) => {
      // Without it the request goes to the network rather than to what the service worker keeps.
      await page.addInitScript("delete Navigator.prototype.serviceWorker");
      await page.route("**/race-worker.js", (route) => route.abort());
    };
    const page = await demo.open("race", { prepare, fragment: `#${toFragment(results)}` });
    await page.selectOption("#race-largest", "65536");
    await page.click("#race button[type=submit]");
    await page.locator("#race").getByText("The race stopped: its script could not be loaded.").waitFor();
    // Some versions of Chromium report the refused request.
    expect(demo.complaints.splice(0).filter((one) => !one.startsWith("Failed to load resource"))).toEqual([]);
    await page.unroute("**/race-worker.js");
    await page.click("#race button[type=submit]");
    await page.getByText("Measured on this machine").waitFor();
    expect(new URL(page.url()).hash).toBe("#race");
    await page.context().close();
  });

  test("nothing broke the page's policy", () => expect(demo.complaints).toEqual([]));
});
