import { randomBytes } from "node:crypto";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { Clients } from "../../src/external-proxy/clients.ts";
import { UsedNonces } from "../../src/external-proxy/used-nonces.ts";
import { clockTolerance, requestMac } from "../../src/providers/external/protocol.ts";

// An attacker who records a request can send it again. The proxy accepts a time that is off by up to 120 s, so a request from a
// clock that is 120 s ahead is valid for 240 s.

const secret = randomBytes(32);
const began = 1_800_000_000;

/** Clients of a proxy whose clock the test sets. */
function clientsAt(more: { mostNonces?: number } = {}) {
  const clock = { seconds: began };
  const secrets = { orders: secret, billing: secret };
  return { clock, clients: new Clients({ secrets, byCertificate: false, now: () => clock.seconds * 1000, ...more }) };
}

function requestOf({ time = began, client = "orders", nonce = randomBytes(16).toString("hex") } = {}): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  const signed = { method: "POST", path: "/v1/keys", body: new Uint8Array(), time: String(time), nonce };
  request.method = signed.method;
  request.url = signed.path;
  request.headers = {
    "x-lanelock-client": client,
    "x-lanelock-time": signed.time,
    "x-lanelock-nonce": nonce,
    "x-lanelock-mac": requestMac(secret, signed),
  };
  return request;
}
const body = new Uint8Array();

test.each([-clockTolerance, 0, 1, clockTolerance])(
  "a request whose clock is off by %i s is taken once, at every second at which it is still in time",
  (off) => {
    const { clock, clients } = clientsAt();
    const request = requestOf({ time: began + off });
    expect(clients.identify(request, body)?.name).toBe("hmac:orders");
    for (let later = 0; later <= 3 * clockTolerance; later += 1) {
      clock.seconds = began + later;
      // Other requests make room for none.
      clients.identify(requestOf({ time: clock.seconds }), body);
      expect(clients.identify(request, body), `${later} s later`).toBeUndefined();
    }
  },
);

test("a fraction of a second more does not make a request new", () => {
  const { clock, clients } = clientsAt();
  clock.seconds = began + 0.999;
  const request = requestOf({ time: began + clockTolerance });
  expect(clients.identify(request, body)).toBeDefined();
  for (const later of [239.001, 239.5, 239.999, 240]) {
    clock.seconds = began + later;
    expect(clients.identify(request, body), `${later} s`).toBeUndefined();
  }
});

test("a nonce is forgotten when its request can no longer be replayed", () => {
  const nonces = new UsedNonces({ lifetime: 240 });
  for (let second = 0; second < 5000; second += 1) {
    for (let i = 0; i < 3; i += 1) nonces.use(randomBytes(16).toString("hex"), began + second);
    expect(nonces.size).toBeLessThanOrEqual(3 * 241);
  }
});

test("a client that floods the proxy is refused, forgets nothing and takes nothing from others", () => {
  const { clock, clients } = clientsAt({ mostNonces: 50 });
  const first = requestOf();
  expect(clients.identify(first, body)).toBeDefined();
  for (let i = 1; i < 50; i += 1) expect(clients.identify(requestOf(), body)).toBeDefined();
  for (let i = 0; i < 3; i += 1) {
    expect(clients.identify(requestOf(), body)).toMatchObject({ name: "hmac:orders", hasFlooded: true });
  }
  expect(clients.identify(first, body)).toBeUndefined();
  expect(clients.identify(requestOf({ client: "billing" }), body)).toMatchObject({
    name: "hmac:billing",
    hasFlooded: false,
  });
  clock.seconds = began + 241;
  expect(clients.identify(requestOf({ time: clock.seconds }), body)?.name).toBe("hmac:orders");
});
