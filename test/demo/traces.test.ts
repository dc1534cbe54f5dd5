import { createCipheriv, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import binaryen from "binaryen";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bandsOf } from "../../demo/traces/bands.ts";
import { blocksOf, keyOf, oneBitApart, randomKey } from "../../demo/traces/inputs.ts";
import { hex, Program } from "../../demo/traces/work.ts";
import { buildTableAes } from "../../tools/demo/build-table-aes.mjs";
import { builds, builtPart, projectRoot } from "../constant-time/compile.ts";
import { DemoInChromium, violations } from "./demo-page.ts";

// The view of traces: the shipped engine beside AES with a table, traced in Node and in Debian's Chromium.

const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
const table = () => new Program(moduleOf(readFileSync(buildTableAes())), { hasTable: true });
const moduleOf = (bytes: Uint8Array) => ({ bytes: Uint8Array.from(bytes), file: "module.wasm" });

function encryptByNode(key: Uint8Array, text: Uint8Array): string {
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  return cipher.update(text, undefined, "hex") + cipher.final("hex");
}

const TEXTS = ["a block or less", "The same text, under two keys.", "x".repeat(128)].map(blocksOf);

describe.each(builds)("the %s engine", (build) => {
  const engine = new Program(moduleOf(builtPart(build, "aes")), {
    hasTable: false,
    memory: moduleOf(builtPart(build, "engine")),
  });

  test("computes FIPS 197's example, and takes the same addresses and ways under any two keys", async () => {
    const key = fromHex("000102030405060708090a0b0c0d0e0f");
    const text = fromHex("00112233445566778899aabbccddeeff");
    const { ciphertexts } = await engine.trace({ keys: [key, oneBitApart(key)], text });
    expect(hex(ciphertexts[0])).toBe("69c4e0d86a7b0430d8cdb78070b4c55a");
    for (const one of TEXTS) {
      const keys = [randomKey(), randomKey()] as const;
      const traced = await engine.trace({ keys, text: one });
      expect(traced.ciphertexts.map(hex)).toEqual(keys.map((each) => encryptByNode(each, one)));
      expect(traced.addressTally.different).toBe(0);
      expect(traced.decisions.different).toBe(0);
      expect(traced.addressTally.total).toBeGreaterThan(500);
      expect(traced.addresses[0]).toEqual(traced.addresses[1]);
      expect(traced.sha256).toBe(createHash("sha256").update(builtPart(build, "aes")).digest("hex"));
    }
  });
});

describe("AES with a table", () => {
  const aes = table();

  test.each(TEXTS)(
    "takes other addresses under another key, one bit apart, and gives the key away",
    async (...bytes) => {
      const text = Uint8Array.from(bytes.flatMap((one) => [...one]));
      const key = randomKey();
      const keys = [key, oneBitApart(key)] as const;
      const traced = await aes.trace({ keys, text });
      expect(traced.ciphertexts.map(hex)).toEqual(keys.map((each) => encryptByNode(each, text)));
      expect(traced.addressTally.different).toBeGreaterThan(100);
      expect(traced.decisions.different).toBe(0);
      expect(hex(traced.keyRead ?? new Uint8Array())).toBe(hex(key));
    },
  );

  test("takes the same addresses under the same key", async () => {
    const key = randomKey();
    const { addressTally } = await aes.trace({ keys: [key, key], text: blocksOf("same") });
    expect(addressTally.different).toBe(0);
  });
});

/** A program that goes another way, in as many steps, where the first bit of the key is set; and one that turns a loop once more. */
const branching = (body: string) => `(module
  (memory (export "memory") 1)
  (data (i32.const 1024) "constant")
  (func (export "io") (result i32) (i32.const 2048))
  (func (export "slotsStart") (result i32) (i32.const 4096))
  (func (export "aesExpand") (param $slot i32) (param $key i32) (param $length i32) (local $left i32)
    (local.set $left (i32.load8_u (local.get $key)))
    ${body})
  (func (export "aesEcbEncrypt") (param i32 i32 i32)))`;

describe("a difference is found", () => {
  const compiled = (body: string) => {
    const module = binaryen.parseText(branching(body));
    const bytes = module.emitBinary();
    module.dispose();
    return new Program(moduleOf(bytes), { hasTable: true });
  };
  const keys = [new Uint8Array(16), new Uint8Array(16).fill(1, 0, 1)] as const;

  test("in the way that a program goes", async () => {
    const program = compiled("(if (local.get $left) (then (nop)) (else (nop)))");
    const traced = await program.trace({ keys, text: new Uint8Array(16) });
    expect(traced.decisions).toEqual({ total: 1, different: 1 });
    expect(traced.addressTally.different).toBe(0);
    expect(traced.keyRead).toBeUndefined();
  });

  test("in the number of accesses", async () => {
    const program = compiled("(if (local.get $left) (then (i32.store (i32.const 4096) (i32.const 1))))");
    const { addressTally } = await program.trace({ keys, text: new Uint8Array(16) });
    expect(addressTally).toEqual({ total: 2, different: 1 });
  });
});

test("stretches of memory are drawn apart, and every address lies in one", () => {
  const layout = { constants: [1_024, 1_280], text: 17_024, roundKeys: 82_624 } as const;
  const addresses = [1_024, 1_279, 1_280, 1_295, 6_144, 17_024, 17_040, 82_624];
  const bands = bandsOf(addresses, layout);
  expect(bands.map(({ name, from, to }) => [name, from, to])).toEqual([
    ["constants", 1_024, 1_280],
    ["scratch", 1_280, 1_311],
    ["scratch", 6_144, 6_160],
    ["text", 17_024, 17_056],
    ["roundKeys", 82_624, 82_640],
  ]);
});

test("keys are read as 32 hexadecimal digits, and texts as whole blocks", () => {
  expect(keyOf("000102030405060708090A0B0C0D0E0F")).toEqual(fromHex("000102030405060708090a0b0c0d0e0f"));
  expect(keyOf(" 00010203 04050607 08090a0b 0c0d0e0f\n")).toBeDefined();
  for (const wrong of ["", "0", "0".repeat(31), "0".repeat(33), "g".repeat(32), "0x".repeat(16)]) {
    expect(keyOf(wrong), wrong).toBeUndefined();
  }
  expect(["", "a", "x".repeat(16), "x".repeat(17), "é".repeat(200)].map((text) => blocksOf(text).length)).toEqual([
    ...[16, 16, 16, 32, 128],
  ]);
});

describe("in Chromium", () => {
  let demo: DemoInChromium;
  beforeAll(async () => {
    demo = await DemoInChromium.start();
  });
  afterAll(() => demo?.[Symbol.asyncDispose]());

  test("the page traces the shipped engine and the table, and reads the key from the table's addresses", async () => {
    const page = await demo.open("traces", { width: 360, colorScheme: "dark" });
    await page.waitForSelector("#traces article.table");
    const text = async (selector: string) => (await page.locator(selector).textContent()) ?? "";
    expect(await text("article.engine .count")).toMatch(/^0 of [1-9]\d\d addresses differ$/);
    expect(Number(await text("article.table .count strong"))).toBeGreaterThan(100);
    expect(await text("article.table .key")).toBe(await page.inputValue("#traces-key-0"));
    expect(await page.locator("article.engine .dots.first[d*=M]").count()).toBe(0);
    expect(await page.locator("article.table .dots.first[d*=M]").count()).toBe(1);
    const lock = JSON.parse(readFileSync(`${projectRoot}/build/engine.lock.json`, "utf8"));
    const module = await text("article.engine .module");
    const [file = ""] = /aes\.\w+\.wasm/.exec(module) ?? [];
    expect(module).toContain(lock[file].sha256);

    const before = await page.inputValue("#traces-key-1");
    const drawn = await page.waitForSelector("article.table");
    await page.click("text=Differ in one bit");
    await drawn.waitForElementState("hidden");
    expect(await page.inputValue("#traces-key-1")).not.toBe(before);
    await page.locator("article.table summary").click();
    const [bands, firstDifferences] = await page.locator("article.table table").all();
    expect(await bands?.locator("tbody tr").first().innerText()).toMatch(/^S-box \(256 B\)\s+(\d+)\s+\d+$/);
    expect(await firstDifferences?.locator("tbody tr").count()).toBe(12);
    await page.locator("article.engine summary").click();
    expect(await text("article.engine details")).toContain("No access differs.");
    expect(await violations(page, "#traces")).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);

    await page.click("[data-language=zh]");
    expect(await text("article.table h3")).toBe("查表的 AES");
  });

  test("a wrong key is refused beside its field; equal keys give equal traces, and the page says why", async () => {
    const page = await demo.open("traces");
    await page.waitForSelector("#traces article.table");
    await page.fill("#traces-key-1", "<b>");
    await page.click("text=Trace both keys");
    expect(await page.locator("#traces-error-1").isVisible()).toBe(true);
    expect(await page.getAttribute("#traces-key-1", "aria-invalid")).toBe("true");
    expect(await page.evaluate("document.activeElement.id")).toBe("traces-key-1");
    expect(await violations(page, "#traces")).toEqual([]);
    await page.fill("#traces-key-1", await page.inputValue("#traces-key-0"));
    await page.click("text=Trace both keys");
    await page.waitForSelector("#traces .notice:text('Both keys are the same')");
    expect(await page.locator("article.table .count strong").textContent()).toBe("0");
    expect(await page.locator("#traces-error-1").isHidden()).toBe(true);
  });

  test("of several questions in a row the last is answered last", async () => {
    const page = await demo.open("traces");
    for (let index = 0; index < 5; index++) await page.click("text=Random keys");
    await page.click("text=Differ in one bit");
    await page.waitForSelector(`article.table .key:text("${await page.inputValue("#traces-key-0")}")`);
    await page.context().close();
  });

  test("nothing broke the page's policy", () => expect(demo.complaints).toEqual([]));
});
