import { randomBytes } from "node:crypto";
import { createServer as createHttp } from "node:http";
import { createServer as createHttps, type ServerOptions } from "node:https";
import { type AddressInfo, createServer as createTcp, type Server } from "node:net";
import { externalKeys } from "lanelock/external";
import { afterEach, expect, test } from "vitest";
import { startExternalProxy } from "../../src/external-proxy/index.ts";
import { host, outcome } from "../pkcs11/objects/key-objects.ts";
import { createSoftHsmToken } from "../tokens/softhsm.ts";
import { createAuthority } from "./certificates.ts";

const authority = createAuthority("keys");
const other = createAuthority("others");
const good = authority.issue("server", "IP:127.0.0.1");
const misnamed = authority.issue("misnamed", "DNS:elsewhere.example");
const orders = authority.issue("orders");
const stranger = other.issue("orders");
const secret = new Uint8Array(randomBytes(32));
const token = createSoftHsmToken("advice");

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});
async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const tls = (options: ServerOptions) =>
  createHttps({ cert: good.certificate, key: good.privateKey, ...options }, (_, response) => response.end());

type Options = Parameters<typeof externalKeys>[0];
const opening = (options: Partial<Options>) =>
  outcome(() =>
    externalKeys({
      url: "https://127.0.0.1:1",
      ca: authority.pem,
      credentials: { client: "orders", secret },
      ...options,
    }).open(host),
  );
const says = (text: RegExp) => ({ code: "ERR_PROVIDER", message: expect.stringMatching(text) });

test("a connection that fails says why, and what to do", async () => {
  await expect(opening({})).rejects.toMatchObject(says(/ECONNREFUSED.*start the key manager/));
  await expect(opening({ url: "https://no-such-host.invalid:1" })).rejects.toMatchObject(
    says(/(ENOTFOUND|EAI_AGAIN).*(correct the option url|check the network)/),
  );
  const url = await listening(tls({}));
  await expect(opening({ url, ca: other.pem })).rejects.toMatchObject(says(/as the option ca\.$/));
  const elsewhere = await listening(tls({ cert: misnamed.certificate, key: misnamed.privateKey }));
  await expect(opening({ url: elsewhere })).rejects.toMatchObject(says(/serverName\.$/));
  const old = await listening(tls({ maxVersion: "TLSv1.2" }));
  await expect(opening({ url: old })).rejects.toMatchObject(says(/does not speak TLS 1\.3.*option url\.$/));
  const plain = await listening(createHttp((_, response) => response.end()));
  await expect(opening({ url: plain })).rejects.toMatchObject(says(/does not speak TLS 1\.3.*option url\.$/));
  const hangsUp = await listening(createTcp((socket) => socket.destroy()));
  await expect(opening({ url: hangsUp })).rejects.toMatchObject(says(/closed the connection; its log/));
});

test("a client certificate that is not taken is named", async () => {
  const proxy = await startExternalProxy({ token, port: 0, tls: good, clientCa: authority.pem });
  const credentials = { certificate: stranger.certificate, privateKey: stranger.privateKey };
  await expect(opening({ url: proxy.url, credentials })).rejects.toMatchObject(
    says(/(option credentials|closed the connection; its log may say why)\.$/),
  );
  await proxy.close();
});

test("invalid PEM and a key of another certificate are refused before anything is connected", async () => {
  const pem = (credentials: unknown) => () =>
    Reflect.apply(externalKeys, undefined, [{ url: "https://127.0.0.1:1", ...(credentials as object) }]);
  const hmac = { client: "orders", secret };
  const wrong: [unknown, string][] = [
    [{ ca: "no certificate", credentials: hmac }, '"ca"'],
    [{ ca: good.privateKey, credentials: hmac }, '"ca"'],
    [{ credentials: { certificate: orders.certificate, privateKey: good.privateKey } }, '"credentials"'],
    [{ credentials: { certificate: "x", privateKey: "y" } }, '"credentials"'],
    [{ credentials: { ...hmac, certificate: orders.certificate } }, '"credentials"'],
    [{ credentials: { ...hmac, sercet: secret } }, '"sercet"'],
    [{ credentials: hmac, timeoutms: 5 }, 'did you mean "timeoutMs"'],
  ];
  for (const [options, text] of wrong) {
    expect(pem(options)).toThrow(
      expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringContaining(text) }),
    );
  }
  const start = (more: object) =>
    outcome(() => startExternalProxy({ token, port: 0, tls: good, clients: { orders: secret }, ...more }));
  const refused: [object, string][] = [
    [{ tls: { certificate: good.certificate, privateKey: orders.privateKey } }, '"tls"'],
    [{ tls: { certificate: "x", privateKey: "y" } }, '"tls"'],
    [{ clientCa: "no certificate" }, '"clientCa"'],
    [{ client: {} }, 'did you mean "clients"'],
    [{ token: { ...token, pni: "1234" } }, 'did you mean "pin"'],
    [{ clients: { orders: "x".repeat(32) } }, "clients.orders"],
  ];
  for (const [more, text] of refused) {
    await expect(start(more), text).rejects.toMatchObject({
      code: "ERR_ARGUMENT",
      message: expect.stringContaining(text),
    });
  }
});

test("a proxy whose port is taken says so, and leaves no session open", async () => {
  const proxy = await startExternalProxy({ token, port: 0, tls: good, clients: { orders: secret } });
  const port = Number(new URL(proxy.url).port);
  await expect(
    outcome(() => startExternalProxy({ token, port, tls: good, clients: { orders: secret } })),
  ).rejects.toMatchObject({
    ...says(/cannot listen on .*EADDRINUSE.* Another program listens there\.$/),
    cause: { code: "EADDRINUSE" },
  });
  await proxy.close();
});

test("options of a proxy that are no object are refused", async () => {
  for (const options of [undefined, null, 5, "options", Symbol("x")]) {
    const refused = { code: "ERR_ARGUMENT", message: expect.stringContaining("options") };
    await expect(
      outcome(() => startExternalProxy(options as never)),
      String(options),
    ).rejects.toMatchObject(refused);
  }
});
