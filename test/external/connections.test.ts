import { randomBytes } from "node:crypto";
import { Agent, request } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { externalKeys } from "lanelock/external";
import { afterEach, expect, test } from "vitest";
import { networkOf } from "../../src/external-proxy/connections.ts";
import { startExternalProxy } from "../../src/external-proxy/index.ts";
import { binding, host, iv } from "../pkcs11/objects/key-objects.ts";
import { createSoftHsmToken } from "../tokens/softhsm.ts";
import { createAuthority } from "./certificates.ts";

const token = createSoftHsmToken("connections");
const authority = createAuthority("keys");
const server = authority.issue("server", "IP:127.0.0.1");
const orders = authority.issue("orders");
const secret = new Uint8Array(randomBytes(32));

type Options = Partial<Parameters<typeof startExternalProxy>[0]>;
const start = (options: Options = {}) =>
  startExternalProxy({ token, port: 0, tls: server, clientCa: authority.pem, clients: { orders: secret }, ...options });
const clientOf = (url: string) =>
  externalKeys({ url, ca: authority.pem, credentials: { client: "orders", secret }, timeoutMs: 60_000 });

const strangers: Socket[] = [];
afterEach(() => {
  for (const socket of strangers.splice(0)) socket.destroy();
});

/** A TCP connection that says nothing. */
function silent(port: number, localAddress?: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const from = localAddress === undefined ? {} : { localAddress };
    const socket = connectTcp({ host: "127.0.0.1", port, ...from }, () => resolve(socket));
    socket.on("error", reject);
    strangers.push(socket);
  });
}

test("1,000 silent TCP connections keep neither a newcomer nor a client that is connected out", async () => {
  const proxy = await start();
  const port = Number(new URL(proxy.url).port);
  const known = clientOf(proxy.url);
  await known.open(host);
  for (let i = 0; i < 1000; i += 50) await Promise.all(Array.from({ length: 50 }, () => silent(port)));
  // From elsewhere too, where the limit of one address does not help.
  const addresses = Array.from({ length: 12 }, (_, i) => `127.0.1.${i + 1}`);
  for (const address of addresses) await Promise.all(Array.from({ length: 100 }, () => silent(port, address)));

  const bound = binding("Aliyun_AES_256", { protectionLevel: "EXTERNAL" });
  const { handle } = await known.createKey({ binding: bound });
  const newcomer = clientOf(proxy.url);
  await newcomer.open(host);
  const key = await newcomer.loadCipherKey({ binding: bound, handle });
  expect(await key.encrypt({ data: randomBytes(20), iv: iv("GCM") })).toHaveLength(36);
  await Promise.all([known.close(), newcomer.close()]);
  for (const socket of strangers.splice(0)) socket.destroy();
  await proxy.close();
});

/** A kept connection, from an address of one's own. */
function askOver(agent: Agent, url: string, path = "/v1/info") {
  return new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
    const outgoing = request(new URL(path, url), { agent }, (incoming) => {
      incoming.resume();
      incoming.on("end", () => resolve({ status: incoming.statusCode, connection: incoming.headers.connection }));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}
const agentFrom = (localAddress: string) =>
  new Agent({
    ...{ keepAlive: true, maxSockets: 1, localAddress, ca: authority.pem },
    ...{ cert: orders.certificate, key: orders.privateKey },
  });

test("where every connection of an address is a client's, the next is refused, and other addresses are not", async () => {
  const proxy = await start({ maxConnectionsPerAddress: 3, maxConnections: 5 });
  const agents = Array.from({ length: 3 }, () => agentFrom("127.0.0.1"));
  for (const agent of agents) expect((await askOver(agent, proxy.url)).status).toBe(200);
  const fourth = agentFrom("127.0.0.1");
  await expect(askOver(fourth, proxy.url)).rejects.toThrow();
  const elsewhere = [agentFrom("127.0.0.2"), agentFrom("127.0.0.3")];
  for (const agent of elsewhere) expect((await askOver(agent, proxy.url)).status).toBe(200);
  // Five in all are open now.
  const sixth = agentFrom("127.0.0.4");
  await expect(askOver(sixth, proxy.url)).rejects.toThrow();
  // A place is free as soon as a client leaves.
  agents[0]?.destroy();
  for (let open = false; !open; await sleep(5))
    open = await askOver(sixth, proxy.url).then(
      () => true,
      () => false,
    );
  for (const agent of [...agents, fourth, ...elsewhere, sixth]) agent.destroy();
  await proxy.close();
});

test("a stranger's connection ends after every refusal", async () => {
  const proxy = await start();
  const port = Number(new URL(proxy.url).port);
  const open = () => {
    return new Promise<TLSSocket>((resolve, reject) => {
      const socket = connectTls({ host: "127.0.0.1", port, ca: authority.pem }, () => resolve(socket));
      socket.on("error", reject);
    });
  };
  for (const text of [
    "GET /v1/info HTTP/1.1\r\nhost: x\r\n\r\n",
    "GET /v1/info HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\nx-lanelock-client: orders\r\n\r\n",
    "POST /v1/keys HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}",
  ]) {
    const socket = await open();
    let said = "";
    socket.on("data", (chunk) => {
      said += chunk;
    });
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.write(text);
    await closed;
    expect(said).toMatch(/^HTTP\/1\.1 401/);
    expect(said.toLowerCase()).toContain("connection: close");
  }
  // A client's goes on.
  const agent = agentFrom("127.0.0.1");
  for (let i = 0; i < 3; i += 1) {
    expect(await askOver(agent, proxy.url)).toEqual({ status: 200, connection: "keep-alive" });
  }
  agent.destroy();
  await proxy.close();
});

test("the addresses of one IPv6 network count as one, and so does IPv4 within IPv6", () => {
  expect(networkOf("2001:db8:1:2::3")).toBe("2001:db8:1:2");
  expect(networkOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2");
  expect(networkOf("2001:db8::1")).toBe("2001:db8:0:0");
  expect(networkOf("::1")).toBe("0:0:0:0");
  expect(networkOf("fe80::1%eth0")).toBe("fe80:0:0:0");
  expect(networkOf("::ffff:10.0.0.7")).toBe("10.0.0.7");
  expect(networkOf("10.0.0.7")).toBe("10.0.0.7");
});

test("limits that are no numbers are refused", async () => {
  for (const limits of [{ maxConnections: 0 }, { maxConnectionsPerAddress: 1.5 }]) {
    const [name = ""] = Object.keys(limits);
    await expect(start(limits)).rejects.toMatchObject({ code: "ERR_ARGUMENT", message: expect.stringContaining(name) });
  }
});
