import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import type { AuditEvent } from "lanelock/kms";
import { serve } from "lanelock/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { page } from "../../../src/server/console/page.generated.ts";
import { answer, type ConsoleParts } from "../../../src/server/console/requests.ts";
import { SignIn } from "../../../src/server/console/sign-in.ts";
import { openKms } from "../../kms/open-kms.ts";
import { startServer, type TestServer } from "../harness.ts";
import { ask, tryLink, Visitor } from "./visitor.ts";

// Who may look at the console, and that looking is all.

const DATA = ["place", "keys", "key?name=alias/orders", "aliases", "access-keys", "metrics"];

const audited: AuditEvent[] = [];
let running: TestServer;
let visitor: Visitor;
let keyId = "";

const console = () => running.server.console ?? expect.fail("the server has no console");

beforeAll(async () => {
  running = await startServer({ console: {} }, { audit: (event) => void audited.push(event) });
  keyId = (await running.kms.createKey({})).keyMetadata.keyId;
  await running.kms.createAlias({ keyId, aliasName: "alias/orders" });
  visitor = await Visitor.enter(console().link());
});
afterAll(() => running[Symbol.asyncDispose]());

test("there is none unless it is asked for", async () => {
  await using other = await startServer();
  expect(other.server.console).toBeUndefined();
  expect((await fetch(`${other.server.url}/console`)).status).toBe(404);
});

test("it listens on the loopback interface alone, apart from the KMS's address", () => {
  expect(console().url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/console$/);
  expect(new URL(console().url).port).not.toBe(String(running.port));
});

test("a link lets in once, and both attempts are in the audit log", async () => {
  audited.length = 0;
  const link = console().link();
  const first = await tryLink(link);
  expect(first.seen.status).toBe(200);
  expect(String(first.seen.headers["set-cookie"])).toMatch(
    /^lanelock-console-\d+=[\w-]{43}; Path=\/console; HttpOnly; SameSite=Strict$/,
  );
  const second = await tryLink(link);
  expect(second.seen).toMatchObject({ status: 401, text: expect.stringContaining("SignedOut") });
  expect(second.seen.headers["set-cookie"]).toBeUndefined();
  expect((await tryLink(`${console().url}#${"A".repeat(43)}`)).seen.status).toBe(401);
  expect((await tryLink(`${console().url}#`)).seen.status).toBe(401);
  expect(audited.map(({ operation, caller, outcome }) => [operation, caller, outcome])).toEqual([
    ["OpenConsole", "console", "OK"],
    ...Array.from({ length: 3 }, () => ["OpenConsole", "console", "SignedOut"]),
  ]);
});

test("data needs the cookie and the key: a cookie goes to every port of the host, a key does not", async () => {
  const other = await Visitor.enter(console().link());
  for (const path of [...DATA, "events", "leave"]) {
    const method = path === "leave" ? "POST" : "GET";
    for (const headers of [
      {},
      { cookie: visitor.cookie },
      { "x-lanelock-console": visitor.key },
      { cookie: visitor.cookie, "x-lanelock-console": other.key },
      { cookie: `${visitor.cookie}x`, "x-lanelock-console": visitor.key },
      { cookie: visitor.cookie, "x-lanelock-console": "é".repeat(43) },
    ]) {
      const seen = await ask(`${visitor.base}/api/${path}`, { method, headers });
      expect(seen, path).toMatchObject({ status: 401, text: expect.stringContaining("SIGHUP") });
    }
  }
  for (const path of DATA) expect((await visitor.ask(path)).status, path).toBe(200);
});

test("another host's name, a page of another origin, and another port's page are refused", async () => {
  const port = new URL(visitor.base).port;
  for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1", `127.0.0.1:${port}.evil.example`]) {
    for (const url of [visitor.base, `${visitor.base}/api/keys`]) {
      expect(await ask(url, { headers: { ...visitor.headers, host } }), host).toMatchObject({ status: 421 });
    }
  }
  expect((await visitor.ask("keys", { headers: { host: `localhost:${port}` } })).status).toBe(200);
  for (const headers of [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: `http://127.0.0.1:${Number(port) + 1}` },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ]) {
    expect(await visitor.ask("keys", { headers }), JSON.stringify(headers)).toMatchObject({ status: 403 });
    const entering = await ask(`${visitor.base}/api/enter`, { method: "POST", headers, body: "token" });
    expect(entering.status).toBe(403);
  }
});

test("it is read-only: no method but GET, and nothing changed by any request", async () => {
  const before = JSON.stringify(await running.kms.listKeys());
  for (const path of [...DATA, "events", "enter", "leave", "nothing", "keys/x", "__proto__", "toString"]) {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "GET"]) {
      const isUsual =
        method === "GET" ? DATA.includes(path) || path === "events" : path === "enter" || path === "leave";
      if (isUsual) continue;
      const { status } = await visitor.ask(path, { method });
      expect([401, 404, 405], `${method} ${path}: ${status}`).toContain(status);
    }
  }
  for (const method of ["POST", "PUT", "DELETE"]) expect((await ask(visitor.base, { method })).status).toBe(405);
  expect(JSON.stringify(await running.kms.listKeys())).toBe(before);
});

test("every answer forbids what is not the page's own, and the page has nothing inline", async () => {
  for (const path of ["", "/page.js", "/style.css", "/api/keys", "/nothing"]) {
    const { headers } = await ask(`${visitor.base}${path}`, { headers: visitor.headers });
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|data:|https?:|\*/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
  }
  const html = page["index.html"]?.text ?? "";
  expect(html).not.toMatch(/<script>|<style|\son\w+=|\sstyle=|javascript:/i);
  for (const { text } of Object.values(page)) expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|eval\(/);
});

test("no secret is in anything it sends", async () => {
  const { accessKeys } = running.server;
  const temporary = await accessKeys.create({ name: "build", temporarySeconds: 600 });
  const plaintext = new TextEncoder().encode("twelve tulips");
  const { ciphertextBlob } = await running.kms.encrypt({
    keyId,
    plaintext,
    encryptionContext: { tenant: "secret-tenant" },
  });
  const secrets = [
    ...(await accessKeys.secrets()).map(({ accessKeySecret }) => accessKeySecret),
    ...[temporary.securityToken ?? "", "twelve tulips", "secret-tenant"],
    ...[Buffer.from(ciphertextBlob).toString("base64"), visitor.cookie.split("=")[1] ?? ""],
  ];
  const sent = await Promise.all(DATA.map(async (path) => (await visitor.ask(path)).text));
  const all = sent.join("\n");
  expect(all).toContain(temporary.accessKeyId);
  for (const secret of secrets) expect(all).not.toContain(secret);
});

test("a visit ends when it is left, and twelve hours after it began", async () => {
  const other = await Visitor.enter(console().link());
  const events = await fetch(`${other.base}/api/events`, { headers: other.headers });
  expect((await other.ask("leave", { method: "POST" })).status).toBe(204);
  expect((await other.ask("keys")).status).toBe(401);
  // The stream ends with the visit.
  expect([events.status, await events.text()]).toEqual([200, expect.stringContaining(": connected")]);
  let now = 0;
  const signIn = new SignIn(() => now);
  const late = signIn.newToken();
  const visit = signIn.enter(signIn.newToken()) ?? expect.fail();
  now = 3_600_001;
  expect(signIn.enter(late)).toBeUndefined();
  expect(signIn.isIn(visit)).toBe(true);
  now = 12 * 3_600_000 + 1;
  expect(signIn.isIn(visit)).toBe(false);
});

test("unused links and old visits give way to new ones", () => {
  const signIn = new SignIn(() => 0);
  const tokens = Array.from({ length: 9 }, () => signIn.newToken());
  expect(signIn.enter(tokens[0] ?? "")).toBeUndefined();
  const visits = tokens.slice(1).map((token) => signIn.enter(token));
  expect(visits.every((visit) => visit !== undefined && signIn.isIn(visit))).toBe(true);
  for (let more = 0; more < 9; more++) signIn.enter(signIn.newToken());
  expect(visits[0] && signIn.isIn(visits[0])).toBe(false);
});

test("ten wrong links are refused one by one, then one every five seconds; a right one is always taken", () => {
  let now = 0;
  const signIn = new SignIn(() => now);
  const admitted = (count: number) => Array.from({ length: count }, () => signIn.admitsWrongLink()).filter(Boolean);
  expect(admitted(30)).toHaveLength(10);
  now = 4_999;
  expect(admitted(3)).toHaveLength(0);
  now = 5_000;
  expect(admitted(3)).toHaveLength(1);
  expect(signIn.enter(signIn.newToken())).toBeDefined();
  now = 3_600_000;
  expect(admitted(30)).toHaveLength(10);
});

test("someone who tries many links fills no audit log, and locks nobody out", async () => {
  const lines: AuditEvent[] = [];
  await using other = await startServer({ console: {} }, { audit: (event) => void lines.push(event) });
  const base = other.server.console?.url ?? "";
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 60; attempt++) {
    statuses.push((await tryLink(`${base}#${"A".repeat(42)}${attempt % 10}`)).seen.status);
  }
  const refused = statuses.filter((status) => status === 401).length;
  expect(refused).toBeGreaterThanOrEqual(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(60 - refused);
  expect(statuses.at(-1)).toBe(429);
  expect((await tryLink(other.server.console?.link() ?? "")).seen.status).toBe(200);
  expect(lines.filter(({ outcome }) => outcome === "SignedOut")).toHaveLength(refused);
});

test("on port 80 browsers send a host without a port", async () => {
  const nothing = {} as Omit<ConsoleParts, "port">;
  let port = 80;
  await using server = await listening((request, response) => void answer({ ...nothing, port }, request, response));
  const from = (host: string) => ask(`${server.url}/console`, { headers: { host } });
  for (const host of ["127.0.0.1", "localhost"]) expect((await from(host)).status, host).toBe(200);
  for (const host of ["127.0.0.1:8766", "evil.example", "127.0.0.1.evil.example", "127.0.0.2"]) {
    expect((await from(host)).status, host).toBe(421);
  }
  port = 8_080;
  expect((await from("127.0.0.1")).status).toBe(421);
});

/** An HTTP server on a free port that answers as it is told. */
async function listening(answerRequest: RequestListener) {
  const server = createHttpServer(answerRequest);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("requests that are no requests end in an answer: long tokens, odd addresses", async () => {
  const long = await ask(`${visitor.base}/api/enter`, { method: "POST", body: "x".repeat(100_000) });
  expect(long.status).toBe(413);
  for (const path of [
    "/%00",
    "/../api/keys",
    "//evil.example/console",
    "/console/index.html",
    "/console/%2e%2e/x",
    "/*",
  ]) {
    const { status } = await ask(new URL(visitor.base).origin + path, { headers: visitor.headers });
    expect([200, 308, 404], `${path}: ${status}`).toContain(status);
  }
  const root = await ask(`${new URL(visitor.base).origin}/`);
  expect([root.status, root.headers.location]).toEqual([308, "/console"]);
});

test("wrong options and a port in use are refused, and no server is left", async () => {
  await using kms = await openKms();
  const taken = createServer();
  const port = await new Promise<number>((resolve) => {
    taken.listen(0, "127.0.0.1", () => resolve((taken.address() as AddressInfo).port));
  });
  await expect(serve({ kms, console: { port } })).rejects.toMatchObject({
    code: "ERR_UNSUPPORTED",
    message: expect.stringContaining("The console cannot listen"),
  });
  taken.close();
  for (const wrong of [null, true, { port: -1 }, { port: 70_000 }, { port: "1" }, { prot: 1 }, { host: "0.0.0.0" }]) {
    await expect(serve({ kms, console: wrong as never })).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  }
});
