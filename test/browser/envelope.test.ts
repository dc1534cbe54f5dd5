import type { Server } from "node:http";
import { envelope } from "lanelock/envelope";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FixedKms } from "../envelope/fixed-kms.ts";
import { independentOpen } from "../envelope/independent-format.ts";
import { vectorPlaintext } from "../envelope/vector-cases.ts";
import { bundleForBrowser } from "../package/bundle.ts";
import { browserNames, launchBrowser, type TestBrowser } from "./browsers.ts";
import type { CrashAnswer, PageAnswer, PageRequest } from "./envelope-in-a-page.ts";
import { startServer } from "./server.ts";

// Envelopes in Debian's browsers, their segments on Web Workers, from the built package. What the page seals an implementation
// on node:crypto opens; what Node seals the page opens.

const LENGTH = 3 * 2 ** 20 + 4_321;
const dataKey = new Uint8Array(32).fill(3);
const strict = "'self' 'wasm-unsafe-eval'";

let server: Server | undefined;
let origin: string;
beforeAll(async () => {
  const inject = ["test/hosts/stand-ins/buffer.ts"];
  const bundle = await bundleForBrowser("test/browser/envelope-in-a-page.ts", { tsconfigRaw: "{}", inject });
  ({ server, origin } = await startServer(new Map([["/envelope.js", bundle.text]])));
});
afterAll(() => {
  server?.close();
});

async function fromNode(keySpec: string): Promise<string> {
  const files = envelope(new FixedKms(dataKey, new Uint8Array(96).fill(9), keySpec), { keyId: "key-fixed" });
  return Buffer.from(await files.seal(vectorPlaintext(LENGTH))).toString("base64");
}

const cases = [
  { name: "SM4 on two Web Workers", keySpec: "Aliyun_SM4", options: { workers: 2 }, workers: 2 },
  {
    name: "AES by WebAssembly on two",
    keySpec: "Aliyun_AES_256",
    options: { workers: 2, backend: "wasm" },
    workers: 2,
  },
  { name: "AES by WebCrypto", keySpec: "Aliyun_AES_256", options: { backend: "native" }, workers: 0 },
  { name: "AES as it comes", keySpec: "Aliyun_AES_256", options: {}, workers: 0 },
  { name: "SM4 on the page's own thread", keySpec: "Aliyun_SM4", options: { workers: 1 }, workers: 0 },
] as const;

describe.each(browserNames)("%s", (name) => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await launchBrowser(name);
  });
  afterAll(async () => {
    await browser?.close();
  });

  async function ask(policy: string, request: PageRequest): Promise<PageAnswer> {
    return (await call("useEnvelope", policy, request)) as PageAnswer;
  }

  async function call(name: string, policy: string, request: PageRequest): Promise<unknown> {
    const tab = await browser.open(`${origin}/page?${new URLSearchParams({ policy, script: "/envelope.js" })}`);
    await tab.waitFor(`'${name}' in globalThis`);
    return tab.evaluate(`${name}(${JSON.stringify(request)})`);
  }

  test.each(cases)("under a strict policy: $name", async ({ keySpec, options, workers }) => {
    const request = { keySpec, options, length: LENGTH, message: await fromNode(keySpec) };
    const answer = await ask(`${strict}; worker-src blob:`, request);
    expect(answer.workers).toBe(workers);
    expect(answer.opened).toEqual(Array(7).fill(true));
    expect(answer.refused).toEqual(["ERR_AUTHENTICATION", "ERR_AUTHENTICATION"]);
    for (const text of [answer.sealed, answer.streamed]) {
      const opened = await independentOpen(Buffer.from(text, "base64"), { context: null, unwrap: () => dataKey });
      expect(opened.suite).toBe(keySpec === "Aliyun_SM4" ? 2 : 1);
      expect(Buffer.compare(opened.plaintext, vectorPlaintext(LENGTH))).toBe(0);
    }
  });

  test("if the policy forbids workers, auto uses none, and a number is refused with the directive that is missing", async () => {
    const request = { keySpec: "Aliyun_SM4", length: LENGTH, message: await fromNode("Aliyun_SM4") } as const;
    const answer = await ask(`${strict}; worker-src 'none'`, { ...request, options: {} });
    expect(answer.opened).toEqual(Array(7).fill(true));
    const asking = ask(`${strict}; worker-src 'none'`, { ...request, options: { workers: 2 } });
    await expect(asking).rejects.toThrow("worker-src blob:");
  });

  test.each(cases.slice(0, 2))("a Web Worker crashes with a message under way: $name", async ({ keySpec, options }) => {
    const request = { keySpec, options, length: LENGTH, message: "" };
    const answer = (await call("crashThreads", `${strict}; worker-src blob:`, request)) as CrashAnswer;
    expect(answer.codes).toEqual(Array(5).fill("ERR_WORKER"));
    expect(answer.next).toEqual(Array(5).fill(true));
    for (const { length, verified } of answer.released) {
      expect(verified).toBe(true);
      expect(length).toBeGreaterThan(0);
      expect(length).toBeLessThan(LENGTH);
    }
    // Another took the place of each.
    expect(answer.workers).toBe(2 + 5);
  });
});
