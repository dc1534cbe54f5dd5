import { randomBytes } from "node:crypto";
import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { externalKeys } from "lanelock/external";
import { afterAll, expect, test } from "vitest";
import { startExternalProxy } from "../../src/external-proxy/index.ts";
import { binding, host } from "../pkcs11/objects/key-objects.ts";
import { createFaultyToken } from "../tokens/faulty-token.ts";
import { createAuthority } from "./certificates.ts";

const faulty = createFaultyToken("closing");
const authority = createAuthority("keys");
const server = authority.issue("server", "IP:127.0.0.1");
const orders = authority.issue("orders");
const agent = new Agent({ keepAlive: true, ca: authority.pem, cert: orders.certificate, key: orders.privateKey });
afterAll(() => {
  agent.destroy();
  faulty.dispose();
});

const open = (sessions = {}) =>
  startExternalProxy({ token: { ...faulty.options, sessions }, port: 0, tls: server, clientCa: authority.pem });

test("a closing proxy answers requests in progress, and keeps no connection", async () => {
  const maker = await open();
  const { certificate, privateKey } = orders;
  const provider = externalKeys({ url: maker.url, ca: authority.pem, credentials: { certificate, privateKey } });
  await provider.open(host);
  const { handle } = await provider.createKey({ binding: binding("Aliyun_AES_256", { protectionLevel: "EXTERNAL" }) });
  await provider.close();
  await maker.close();

  // A proxy that has not yet seen its token be quick calls it in the thread pool, where it may hang.
  const proxy = await open();
  const { name } = JSON.parse(Buffer.from(handle).toString());
  const [iv, data] = [randomBytes(12), randomBytes(32)].map((bytes) => bytes.toString("base64"));
  const url = new URL(`/v1/keys/${name}/encrypt`, proxy.url);
  faulty.set("hang", 1);
  const before = faulty.get("calls");
  const answered = new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
    const outgoing = request(url, { method: "POST", agent }, (incoming) => {
      incoming.resume();
      incoming.on("end", () => resolve({ status: incoming.statusCode, connection: incoming.headers.connection }));
    });
    outgoing.on("error", reject);
    outgoing.end(JSON.stringify({ mode: "GCM", iv, data }));
  });
  while (faulty.get("calls") === before) await sleep(5);
  const closed = proxy.close();
  faulty.set("hang", 0);
  expect(await answered).toEqual({ status: 200, connection: "close" });
  await closed;
  expect(faulty.get("openSessions")).toBe(0);
});

test("half a request does not keep a proxy from ending", async () => {
  const proxy = await open({ timeoutMs: 300 });
  const { certificate: cert, privateKey: key } = orders;
  const port = Number(new URL(proxy.url).port);
  const socket = connect({ host: "127.0.0.1", port, ca: authority.pem, cert, key });
  const cut = new Promise((resolve) => socket.on("close", resolve).on("error", () => undefined));
  await new Promise((resolve) =>
    socket.write("POST /v1/keys HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{", resolve),
  );
  await sleep(100);
  await proxy.close();
  await cut;
});
