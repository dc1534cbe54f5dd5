import { createHash, createHmac, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExternalProxy, type ProxyLogEntry, startExternalProxy } from "../../src/external-proxy/index.ts";
import { createSoftHsmToken } from "../tokens/softhsm.ts";
import { createAuthority } from "./certificates.ts";

// The proxy from the view of an attacker who writes requests by hand, from docs/external-keys.md, without the client here.

const authority = createAuthority("keys");
const server = authority.issue("server", "IP:127.0.0.1");
const secret = randomBytes(32);
const log: ProxyLogEntry[] = [];
let proxy: ExternalProxy;
let port: number;
const began = performance.now();

beforeAll(async () => {
  proxy = await startExternalProxy({
    token: createSoftHsmToken("attacked"),
    port: 0,
    tls: server,
    clients: { orders: secret },
    log: (entry) => log.push(entry),
  });
  port = Number(new URL(proxy.url).port);
});
afterAll(() => proxy.close());

interface Sent {
  method?: string;
  path?: string;
  body?: string | Buffer;
  client?: string;
  time?: string;
  nonce?: string;
  /** What the MAC is over, where that is not what is sent. */
  signed?: { method?: string; path?: string; body?: string; time?: string; nonce?: string };
  mac?: string;
  headers?: Record<string, string | string[]>;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  nonce: string;
}

const now = () => Math.floor(Date.now() / 1000);
const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");
const hmac = (lines: string[]) => createHmac("sha256", secret).update(lines.join("\n")).digest("hex");

function send(sent: Sent): Promise<Answer> {
  const { method = "POST", path = "/v1/keys", body = "", client = "orders", signed = {} } = sent;
  const { time = String(now()), nonce = randomBytes(16).toString("hex") } = sent;
  const over = { method, path, body, time, nonce, ...signed };
  const mac = hmac(["lanelock-request-1", over.method, over.path, sha256(over.body), over.time, over.nonce]);
  const headers = {
    "content-length": String(Buffer.byteLength(body)),
    "x-lanelock-client": client,
    "x-lanelock-time": time,
    "x-lanelock-nonce": nonce,
    "x-lanelock-mac": sent.mac ?? mac,
    ...sent.headers,
  };
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, ca: authority.pem, agent: false as const, method, path, headers };
    const outgoing = request(options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text, nonce });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const create = JSON.stringify({ keySpec: "Aliyun_AES_256", mode: "GCM" });
const codeOf = (answer: Answer): string =>
  answer.body === "" ? `status ${answer.status}` : JSON.parse(answer.body).error?.code;

/** A key, and the body that encrypts with it. */
async function freshKey(): Promise<{ path: string; body: string }> {
  const { key } = JSON.parse((await send({ body: create })).body);
  const [iv, data] = [Buffer.alloc(12, 1).toString("base64"), Buffer.alloc(32, 2).toString("base64")];
  return { path: `/v1/keys/${key}/encrypt`, body: JSON.stringify({ mode: "GCM", iv, data }) };
}

test("a request made by the documentation alone is answered, and the answer is authentic", async () => {
  for (const sent of [{ method: "GET", path: "/v1/info" }, await freshKey(), { path: "/v1/nothing" }] as Sent[]) {
    const { status, headers, body, nonce } = await send(sent);
    expect(headers["x-lanelock-mac"]).toBe(hmac(["lanelock-answer-1", nonce, String(status), sha256(body)]));
  }
  // The log has what the answers took, which is no more than has passed since.
  for (const { milliseconds } of log) expect(milliseconds).toBeLessThanOrEqual(performance.now() - began + 1);
});

test("a request of another time is refused, however well it is signed", async () => {
  for (const off of [-3600, -125, 125, 3600]) {
    expect(codeOf(await send({ body: create, time: String(now() + off) })), `${off} s`).toBe("unauthenticated");
  }
  for (const time of ["", "-1", "1e9", " 1", `${now()}.0`, `0x${now().toString(16)}`, "9".repeat(13)]) {
    expect(codeOf(await send({ body: create, time })), time).toBe("unauthenticated");
  }
  for (const off of [-100, 100]) {
    expect((await send({ body: create, time: String(now() + off) })).status, `${off} s`).toBe(200);
  }
});

test("a nonce is valid for one request of any kind, also when many arrive at once", async () => {
  const nonce = randomBytes(16).toString("hex");
  const copies = await Promise.all(Array.from({ length: 20 }, () => send({ body: create, nonce })));
  expect(copies.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 19 }, () => 401)]);
  expect(codeOf(await send({ method: "GET", path: "/v1/info", nonce }))).toBe("unauthenticated");
  for (const other of ["", nonce.slice(1), nonce.toUpperCase(), `${nonce}0`, nonce.replace(/./, "g")]) {
    expect(codeOf(await send({ body: create, nonce: other })), other).toBe("unauthenticated");
  }
});

test("a refused request does not use up the nonce of the true one", async () => {
  const nonce = randomBytes(16).toString("hex");
  expect((await send({ body: create, nonce, mac: "0".repeat(64) })).status).toBe(401);
  expect((await send({ body: create, nonce })).status).toBe(200);
});

test("a MAC is for one method, path, body, time and nonce, byte by byte", async () => {
  const { path, body } = await freshKey();
  const time = String(now());
  const others: Sent[] = [
    { signed: { method: "GET" } },
    { signed: { method: "post" } },
    { signed: { path: path.replace("encrypt", "decrypt") } },
    { signed: { path: `${path}/` } },
    { signed: { path: `${path}?` } },
    { path: `${path}?x=1`, signed: { path } },
    { path: path.replace("encrypt", "%65ncrypt"), signed: { path } },
    { path: path.replace("/v1", "//v1"), signed: { path } },
    { path: path.replace("/v1/", "/v1/x/../"), signed: { path } },
    { path: `https://127.0.0.1:${port}${path}`, signed: { path } },
    { signed: { body: `${body} ` } },
    { signed: { body: "" } },
    { time, signed: { time: String(Number(time) - 1) } },
    { signed: { nonce: "0".repeat(32) } },
    // Lines that say the same when they are joined.
    { signed: { method: "POST\n", path: path.slice(1) } },
    { mac: "" },
    { client: "billing" },
    { client: "__proto__" },
    { client: "constructor" },
    { client: "" },
  ];
  for (const other of others) {
    expect(codeOf(await send({ path, body, ...other })), JSON.stringify(other)).toBe("unauthenticated");
  }
  expect((await send({ path, body })).status).toBe(200);
});

test("duplicate or missing headers are unauthenticated", async () => {
  const nonce = randomBytes(16).toString("hex");
  const time = String(now());
  const mac = hmac(["lanelock-request-1", "POST", "/v1/keys", sha256(create), time, nonce]);
  const twice: Record<string, string | string[]>[] = [
    { "x-lanelock-mac": ["0".repeat(64), mac] },
    { "x-lanelock-mac": [mac, mac] },
    { "x-lanelock-client": ["orders", "orders"] },
    { "x-lanelock-nonce": [nonce, nonce] },
    { "x-lanelock-time": [time, time] },
  ];
  for (const headers of twice) {
    expect(codeOf(await send({ body: create, nonce, time, headers })), JSON.stringify(headers)).toBe("unauthenticated");
  }
  expect((await send({ body: create, nonce, time })).status).toBe(200);
});

test("paths that only look like a key's are refused, though they are signed", async () => {
  const { path, body } = await freshKey();
  const paths = [
    `${path}?`,
    `${path}?x`,
    `${path}/`,
    `${path}#`,
    path.replace("/v1", "//v1"),
    path.replace("/v1", "/v1/."),
    path.replace("encrypt", "ENCRYPT"),
    path.replace("encrypt", "%65ncrypt"),
    path.replace(/keys\/../, "keys/%30"),
    "/v1/keys/../info",
    "/v1/keys//encrypt",
    `/v1/keys/${"0".repeat(41)}/encrypt`,
    `/${"a".repeat(5000)}`,
    "*",
  ];
  for (const odd of paths) expect(codeOf(await send({ path: odd, body })), odd).toBe("bad_request");
  for (const method of ["GET", "PUT", "DELETE", "OPTIONS"]) {
    expect(codeOf(await send({ method, path, body })), method).toBe("bad_request");
  }
  const nobodys = path.replace(/[0-9a-f]{40}/, "0".repeat(40));
  expect(codeOf(await send({ path: nobodys, body }))).toBe("key_not_found");
  expect(log.every((entry) => entry.path.length <= 200)).toBe(true);
});

test("bodies that are not of the protocol are refused and change nothing", async () => {
  const { path, body } = await freshKey();
  const fields = JSON.parse(body);
  const { data, iv } = fields;
  const odd: unknown[] = [
    { ...fields, mode: "ECB" },
    { ...fields, mode: ["GCM"] },
    { ...fields, mode: "toString" },
    { ...fields, iv: undefined },
    { ...fields, iv: Buffer.alloc(16).toString("base64") },
    { ...fields, iv: `${iv}\n` },
    { ...fields, data: undefined },
    { ...fields, data: [data] },
    { ...fields, data: `${data} ` },
    { ...fields, data: data.replace(/=*$/, "") },
    { ...fields, data: { length: 5 } },
    { ...fields, aad: Buffer.alloc(8193).toString("base64") },
    { ...fields, aad: null },
    { ...fields, padding: "NO_PADDING" },
    [fields],
    "text",
    null,
    5,
  ];
  for (const one of odd) {
    expect(codeOf(await send({ path, body: JSON.stringify(one) })), JSON.stringify(one)?.slice(0, 80)).toBe(
      "bad_request",
    );
  }
  for (const text of ["", "{", "[".repeat(90_000), '{"mode":"GCM"', Buffer.from([0xff, 0xfe, 0x7b])]) {
    expect(codeOf(await send({ path, body: text }))).toBe("bad_request");
  }
  expect((await send({ path, body })).status).toBe(200);
});

test("a body that is too long is not read to its end, and the next request is answered", async () => {
  const answer = await send({ body: Buffer.alloc(100_001, 32) });
  expect(codeOf(answer)).toBe("too_large");
  expect(answer.headers.connection).toBe("close");
  expect((await send({ body: create })).status).toBe(200);
});

/** Sends bytes over TLS as they are, and gives what comes until the connection ends. */
function raw(text: string, end: (socket: ReturnType<typeof connect>) => void): Promise<string> {
  return new Promise((resolve) => {
    let said = "";
    const socket = connect({ host: "127.0.0.1", port, ca: authority.pem }, () => {
      socket.write(text, () => end(socket));
    });
    socket.on("data", (chunk) => {
      said += chunk;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(said));
  });
}

test("half requests, two lengths at once and input that is not HTTP end, and the proxy continues", async () => {
  const head = `POST /v1/keys HTTP/1.1\r\nhost: x\r\n`;
  const leave = (socket: ReturnType<typeof connect>) => socket.end();
  expect(await raw(`${head}content-length: 50\r\n\r\n{`, leave)).not.toContain("200 OK");
  expect(await raw(`${head}content-length: 50\r\n\r\n{`, (socket) => socket.destroy())).toBe("");
  const smuggled = `${head}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/info HTTP/1.1\r\n\r\n`;
  expect(await raw(smuggled, leave)).toMatch(/^HTTP\/1\.1 400/);
  expect(await raw(`${head}content-length: 1\r\ncontent-length: 2\r\n\r\n{}`, leave)).toMatch(/^HTTP\/1\.1 400/);
  expect(await raw(`${head}x-long: ${"a".repeat(70_000)}\r\n\r\n`, leave)).toMatch(/^HTTP\/1\.1 431|^$/);
  expect(await raw("\x16\x03garbage\r\n\r\n", leave)).toMatch(/^HTTP\/1\.1 400/);
  expect((await send({ body: create })).status).toBe(200);
});
