import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { kmsClient } from "lanelock/client";
import { envelope } from "lanelock/envelope";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleForBrowser } from "../package/bundle.ts";
import { startServer as startKms } from "../server/harness.ts";
import { browserNames, launchBrowser, type TestBrowser } from "./browsers.ts";
import type { ClientAnswer, ClientRequest } from "./client-in-a-page.ts";
import { startServer } from "./server.ts";

// A client and envelopes in Debian's browsers, against a server that allows the page's origin.

const ALL_HEADERS =
  "authorization, x-acs-action, x-acs-content-sha256, x-acs-date, x-acs-signature-nonce, x-acs-version";

let server: Server | undefined;
let origin: string;
beforeAll(async () => {
  const bundle = await bundleForBrowser("test/browser/client-in-a-page.ts", { tsconfigRaw: "{}" });
  ({ server, origin } = await startServer(new Map([["/client.js", bundle.text]])));
});
afterAll(() => {
  server?.close();
});

describe.each(browserNames)("%s", (name) => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await launchBrowser(name);
  });
  afterAll(async () => {
    await browser?.close();
  });

  async function inPage(name: string, request: ClientRequest): Promise<unknown> {
    const query = new URLSearchParams({ policy: "'self' 'wasm-unsafe-eval'", script: "/client.js" });
    const tab = await browser.open(`${origin}/page?${query}`);
    await tab.waitFor(`'${name}' in globalThis`);
    return tab.evaluate(`${name}(${JSON.stringify(request)})`);
  }

  test("a page opens what Node sealed, and the reverse; refusals are KmsErrors with the request's id", async () => {
    await using running = await startKms({ allowedOrigins: [origin] });
    const { owner: credentials, server: kmsServer } = running;
    const node = kmsClient({ endpoint: kmsServer.url, credentials });
    await node.createAlias({ keyId: (await node.createKey({})).keyMetadata.keyId, aliasName: "alias/page" });
    await using files = envelope(node, { keyId: "alias/page", encryptionContext: { é: "1" } });
    const plaintext = Uint8Array.from({ length: 1_000 }, (_, index) => index * 7);
    const message = Buffer.from(await files.seal(plaintext)).toString("base64");
    const answer = (await inPage("useClient", { endpoint: kmsServer.url, credentials, message })) as ClientAnswer;
    expect(answer.opened).toEqual([...plaintext]);
    const opened = await files.open(new Uint8Array(Buffer.from(answer.sealed, "base64")));
    expect([...opened]).toEqual([...plaintext.map((byte) => byte ^ 1)]);
    expect(answer.refused).toEqual([
      ["KmsError", "Forbidden.KeyNotFound", "string"],
      ["KmsError", "SignatureDoesNotMatch", "string"],
    ]);
  });

  test("a page that the server does not allow learns nothing", async () => {
    await using running = await startKms({ allowedOrigins: ["https://app.example"] });
    const request = { endpoint: running.server.url, credentials: running.owner, message: "" };
    expect(await inPage("callFromElsewhere", request)).toEqual(["LanelockError", "ERR_PROVIDER", "undefined"]);
  });

  test("a page follows no redirect, and tells it from a lost connection", async () => {
    const asked: string[] = [];
    const redirecting = createServer(({ method = "", url = "" }, response) => {
      asked.push(`${method} ${url.split("?")[0]}`);
      const all = { "access-control-allow-origin": origin, "access-control-allow-headers": ALL_HEADERS };
      if (method === "OPTIONS") response.writeHead(204, all).end();
      else response.writeHead(302, { ...all, location: "/elsewhere" }).end();
    });
    await new Promise<void>((resolve) => redirecting.listen(0, "127.0.0.1", resolve));
    try {
      const endpoint = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
      const credentials = { accessKeyId: "LTAI", accessKeySecret: "secret" };
      const failure = (await inPage("failureMessage", { endpoint, credentials, message: "" })) as string;
      expect(failure).toContain("a redirect (302), which is not followed");
      expect(asked).toEqual(["OPTIONS /", "POST /"]);
    } finally {
      redirecting.close();
      redirecting.closeAllConnections();
    }
  });
});
