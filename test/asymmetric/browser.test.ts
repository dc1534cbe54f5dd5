import crypto from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadPrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey } from "../../src/asymmetric/public-key.ts";
import type { AsymmetricEncryptionAlgorithm, SignatureAlgorithm } from "../../src/kms/ports/vocabulary.ts";
import type { BrowserAnswer } from "./browser-page.ts";
import { specs } from "./platforms.ts";

const message = new TextEncoder().encode("from a browser");
const digest = crypto.createHash("sha256").update(message).digest();
let server: Server;
let browser: Browser;

beforeAll(async () => {
  // platform "browser" fails on any import of a Node module
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL("browser-page.ts", import.meta.url))],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  const script = bundle.outputFiles[0]?.text ?? "";
  server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : `<!doctype html><script type="module" src="/page.js"></script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

async function inBrowser(spec: (typeof specs)[number]): Promise<BrowserAnswer> {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction("'answer' in globalThis");
  const result = (await page.evaluate(`answer(${JSON.stringify(spec)})`)) as BrowserAnswer;
  await page.close();
  return result;
}

test.each(specs)("%s in Chromium: Node takes its keys, signatures and ciphertexts", async (spec) => {
  const { privateKey, pem, results } = await inBrowser(spec);
  const key = await loadPrivateKey(Uint8Array.from(privateKey));
  const publicKey = await importPublicKey(crypto.createPublicKey(pem).export({ format: "der", type: "spki" }));
  expect(results).toHaveLength(spec.startsWith("RSA") ? 7 : 3);
  for (const { algorithm, kind, messageType, output, own, error } of results) {
    const label = `${algorithm} ${messageType ?? ""}`;
    const lacking = algorithm === "RSAES_PKCS1_V1_5" || (spec.startsWith("RSA") && messageType === "DIGEST");
    if (lacking) {
      expect(error, label).toBe("ERR_UNSUPPORTED");
    } else if (kind === "sign") {
      const signature = Uint8Array.from(output);
      const input = { algorithm: algorithm as SignatureAlgorithm, messageType: "DIGEST", data: digest } as const;
      expect([own, await publicKey.verify({ ...input, signature })], label).toEqual([true, true]);
    } else {
      const input = { algorithm: algorithm as AsymmetricEncryptionAlgorithm, data: Uint8Array.from(output) };
      expect(own, label).toBe(true);
      expect(await key.decrypt(input), label).toEqual(message);
    }
  }
});
