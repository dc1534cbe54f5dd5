import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createHttpServer } from "../../src/server/http/http-server.ts";

test.each([
  ["bytes that are no request", "no request\r\n\r\n"],
  ["CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"],
])("a connection that was refused for %s is cut, though its peer keeps it open", async (_, bytes) => {
  const server = createHttpServer({
    tls: undefined,
    limits: { requestTimeoutMs: 10_000, keepAliveTimeoutMs: 10_000, maxConnections: 10 },
    handler: (_request, response) => response.end(),
    refuseRequest: (_request, response) => response.end(),
    refused: () => undefined,
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  socket.write(bytes);
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 40[03] /);
  const connections = promisify(server.getConnections.bind(server));
  await expect.poll(() => connections(), { timeout: 60_000 }).toBe(0);
  socket.destroy();
  server.close();
});
