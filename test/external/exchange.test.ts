import { createServer, type Server } from "node:net";
import { externalKeys } from "lanelock/external";
import { afterEach, expect, test } from "vitest";
import { Exchange } from "../../src/providers/external/exchange.ts";

let server: Server | undefined;
afterEach(() => server?.close());

test("a request that cannot even be made fails with Node's own reason", async () => {
  const running = new Exchange().run({ host: "127.0.0.1", method: "NOT A METHOD" }, Buffer.alloc(0));
  await expect(running).rejects.toMatchObject({ code: "ERR_INVALID_HTTP_TOKEN" });
});

test("a call that ends before its request was sent sends nothing", async () => {
  const exchange = new Exchange();
  exchange.cut();
  await expect(exchange.run({ host: "127.0.0.1" }, Buffer.alloc(0))).rejects.toThrow("ended before it was sent");
});

test("a call that ends while its request waits for an answer closes the connection", async () => {
  const exchange = new Exchange();
  const closed = new Promise<void>((resolve, reject) => {
    server = createServer((socket) => {
      socket.on("data", () => exchange.cut()).on("close", () => resolve());
    }).listen(0, "127.0.0.1", () => {
      const address = server?.address();
      const port = typeof address === "object" ? address?.port : undefined;
      // Not over TLS: the exchange fails as the handshake is cut.
      expect(exchange.run({ host: "127.0.0.1", port }, Buffer.alloc(0)))
        .rejects.toBeInstanceOf(Error)
        .catch(reject);
    });
  });
  await closed;
});

test("the manager's url is text", () => {
  const url = new URL("https://127.0.0.1:1/");
  const options = { url: url as unknown as string, credentials: { client: "a", secret: "00".repeat(32) } };
  expect(() => externalKeys(options as never)).toThrow(
    expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringContaining("https: URL") }),
  );
});
