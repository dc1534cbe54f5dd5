import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { externalKeys } from "lanelock/external";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ExternalProxy, startExternalProxy } from "../../src/external-proxy/index.ts";
import type { CipherKey } from "../../src/kms/ports/index.ts";
import { binding, host, iv, outcome } from "../pkcs11/objects/key-objects.ts";
import { createSoftHsmToken } from "../tokens/softhsm.ts";
import { createAuthority } from "./certificates.ts";
import { type Exchange, startMiddleman } from "./middleman.ts";

const token = createSoftHsmToken("lying");
const authority = createAuthority("keys");
const server = authority.issue("server", "IP:127.0.0.1");
const orders = authority.issue("orders");
const secret = new Uint8Array(randomBytes(32));

type Middleman = Awaited<ReturnType<typeof startMiddleman>>;
let proxy: ExternalProxy;
/** One that speaks as the key manager itself, and one that stands between: it has no secret. */
let liar: Middleman;
let between: Middleman;

beforeAll(async () => {
  proxy = await startExternalProxy({
    ...{ token, port: 0, tls: server, clientCa: authority.pem },
    clients: { orders: secret },
  });
  const common = { own: server, ca: authority.pem, realUrl: proxy.url };
  liar = await startMiddleman({ ...common, asClient: orders });
  between = await startMiddleman(common);
});
afterEach(() => {
  liar.behave({});
  between.behave({});
});
afterAll(async () => {
  await Promise.all([liar.goDown(), between.goDown(), proxy.close()]);
});

async function withKey(options: object, work: (key: CipherKey) => Promise<void>): Promise<void> {
  const credentials = { certificate: orders.certificate, privateKey: orders.privateKey };
  const provider = externalKeys({ url: liar.url, ca: authority.pem, credentials, ...options });
  await provider.open(host);
  const bound = binding("Aliyun_AES_256", { protectionLevel: "EXTERNAL" });
  const { handle } = await provider.createKey({ binding: bound });
  try {
    await work(await provider.loadCipherKey({ binding: bound, handle }));
  } finally {
    await provider.close();
  }
}

const message = () => ({ data: randomBytes(32), iv: iv("GCM"), aad: randomBytes(32) });
const providerError = { code: "ERR_PROVIDER" };

/** Changes the bytes that an answer carries. */
function alterData(change: (data: Buffer) => Buffer) {
  return (answer: Exchange) => {
    const fields = JSON.parse(answer.body.toString());
    if (typeof fields.data !== "string") return;
    answer.body = Buffer.from(JSON.stringify({ data: change(Buffer.from(fields.data, "base64")).toString("base64") }));
  };
}
const flipLast = (data: Buffer) => Buffer.concat([data.subarray(0, -1), Buffer.of((data.at(-1) ?? 0) ^ 1)]);

describe("a key manager that lies", () => {
  test("about a ciphertext is found out by verifyEncrypt, and the plaintext is not lost", async () => {
    await withKey({ verifyEncrypt: true }, async (key) => {
      const lies = [flipLast, (data: Buffer) => randomBytes(data.length), (data: Buffer) => Buffer.alloc(data.length)];
      for (const lie of lies) {
        const alter = alterData(lie);
        liar.behave({ alter: (answer) => (answer.path.endsWith("/encrypt") ? alter(answer) : undefined) });
        await expect(key.encrypt(message())).rejects.toMatchObject({
          ...providerError,
          message: expect.stringContaining("does not decrypt to what was encrypted"),
        });
      }
      liar.behave({});
      const request = message();
      const sealed = await key.encrypt(request);
      expect(Buffer.from(await key.decrypt({ ...request, data: sealed }))).toEqual(request.data);
    });
  });

  test("about lengths, types or the protocol is not believed", async () => {
    await withKey({}, async (key) => {
      const bodies = [
        "",
        "garbage",
        "[]",
        "null",
        '"text"',
        "{}",
        '{"data":5}',
        '{"data":"*"}',
        '{"data":"QQ"}',
        '{"data":""}',
        `{"data":"${Buffer.alloc(49).toString("base64")}"}`,
        `{"data":"${Buffer.alloc(47).toString("base64")}"}`,
      ];
      for (const body of bodies) {
        liar.behave({
          alter: (answer) => {
            answer.body = Buffer.from(body);
          },
        });
        await expect(key.encrypt(message())).rejects.toMatchObject(providerError);
        await sleep(0);
        liar.behave({});
        // Answers that belong to the protocol close the circuit that the others might open.
        await outcome(() => key.encrypt(message())).catch(() => sleep(600));
      }
    });
  });

  test("with another key in the place of one is found out before it is used", async () => {
    const credentials = { certificate: orders.certificate, privateKey: orders.privateKey };
    const provider = externalKeys({ url: liar.url, ca: authority.pem, credentials });
    await provider.open(host);
    const bound = binding("Aliyun_AES_256", { protectionLevel: "EXTERNAL" });
    const [mine, other] = [await provider.createKey({ binding: bound }), await provider.createKey({ binding: bound })];
    const nameOf = (handle: Uint8Array) => JSON.parse(Buffer.from(handle).toString()).name;
    const [name, otherName] = [nameOf(mine.handle), nameOf(other.handle)];
    await provider.loadCipherKey({ binding: bound, handle: mine.handle });
    liar.behave({
      instead: (incoming) => {
        incoming.url = incoming.url?.replace(name, otherName);
        return false;
      },
    });
    await expect(async () => provider.loadCipherKey({ binding: bound, handle: mine.handle })).rejects.toMatchObject({
      ...providerError,
      message: expect.stringContaining("is not the one that was made"),
    });
    await provider.close();
  });

  test("from the start gets no key: what it makes must decrypt, and twice be the same", async () => {
    const credentials = { certificate: orders.certificate, privateKey: orders.privateKey };
    const provider = externalKeys({ url: liar.url, ca: authority.pem, credentials });
    await provider.open(host);
    for (const lie of [flipLast, (data: Buffer) => randomBytes(data.length)]) {
      liar.behave({ alter: alterData(lie) });
      const attempt = provider.createKey({ binding: binding("Aliyun_AES_256", { protectionLevel: "EXTERNAL" }) });
      await expect(attempt).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_(PROVIDER|AUTHENTICATION)$/) });
    }
    await provider.close();
  });
});

describe("a key manager that does not answer as it should", () => {
  test("endlessly: no more is read than a message may have", async () => {
    await withKey({}, async (key) => {
      let written = 0;
      const chunk = Buffer.alloc(65_536, "A");
      liar.behave({
        instead: (_incoming, response) => {
          response.writeHead(200, { "content-length": 10 * 2 ** 30 });
          const more = () => {
            while (!response.destroyed && response.write(chunk)) written += chunk.length;
          };
          response.on("drain", more);
          more();
          return true;
        },
      });
      await expect(key.encrypt(message())).rejects.toMatchObject({
        ...providerError,
        message: expect.stringContaining("more than 100000 bytes"),
      });
      expect(written).toBeLessThan(64 * 2 ** 20);
    });
  });

  test.each([
    ["never", () => true],
    [
      "byte by byte",
      (_incoming: unknown, response: import("node:http").ServerResponse) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write(" "), 20);
        response.on("close", () => clearInterval(timer));
        return true;
      },
    ],
  ])("%s: the wait ends", async (_name, instead) => {
    await withKey({ timeoutMs: 300 }, async (key) => {
      liar.behave({ instead });
      await expect(key.encrypt(message())).rejects.toMatchObject({
        ...providerError,
        message: expect.stringContaining("did not answer within 0.3 s"),
      });
      const controller = new AbortController();
      const aborted = key.encrypt({ ...message(), signal: controller.signal });
      setTimeout(() => controller.abort(new Error("no longer")), 20);
      await expect(aborted).rejects.toThrow("no longer");
    });
  });

  test("with errors, cut connections, redirections or endless headers", async () => {
    const answers: ((response: import("node:http").ServerResponse) => void)[] = [
      (response) => response.writeHead(500).end("oops"),
      (response) => response.writeHead(302, { location: proxy.url }).end(),
      (response) => response.destroy(),
      (response) => {
        response.writeHead(200, { "content-length": 1000 }).write("{");
        setTimeout(() => response.destroy(), 10);
      },
      (response) => response.writeHead(200, { "x-long": "A".repeat(60_000) }).end("{}"),
      (response) => response.writeHead(200, { "content-encoding": "gzip" }).end("{}"),
    ];
    for (const answer of answers) {
      await withKey({}, async (key) => {
        liar.behave({
          instead: (_incoming, response) => {
            answer(response);
            return true;
          },
        });
        await expect(key.encrypt(message())).rejects.toMatchObject(providerError);
        liar.behave({});
        expect(await key.encrypt(message())).toHaveLength(48);
      });
    }
  });
});

test("a request whose kept connection breaks is sent once more, unless it makes a key", async () => {
  const credentials = { certificate: orders.certificate, privateKey: orders.privateKey };
  const provider = externalKeys({ url: liar.url, ca: authority.pem, credentials });
  await provider.open(host);
  const bound = binding("Aliyun_AES_256", { protectionLevel: "EXTERNAL" });
  const { handle } = await provider.createKey({ binding: bound });
  const key = await provider.loadCipherKey({ binding: bound, handle });
  const sent: string[] = [];
  /** Takes the request, and ends the connection without an answer. */
  const instead = (incoming: IncomingMessage) => {
    sent.push(incoming.url ?? "");
    incoming.socket.destroy();
    return true;
  };
  liar.behave({ instead });
  // A key that was made by a request without an answer, and then again, would stay on the token for ever.
  await expect(provider.createKey({ binding: bound })).rejects.toMatchObject(providerError);
  expect(sent).toEqual(["/v1/keys"]);
  liar.behave({});
  await key.encrypt(message());
  sent.length = 0;
  liar.behave({ instead });
  await expect(key.encrypt(message())).rejects.toMatchObject(providerError);
  expect(sent).toHaveLength(2);
  liar.behave({});
  await key.encrypt(message());
  // On a connection of its own nothing is stale, and nothing is sent again.
  sent.length = 0;
  liar.behave({ instead });
  const fresh = externalKeys({ url: liar.url, ca: authority.pem, credentials });
  await expect(fresh.open(host)).rejects.toMatchObject(providerError);
  expect(sent).toEqual(["/v1/info"]);
  await fresh.close();
  await provider.close();
});

test("while it is down callers fail at once, and when it is back they succeed by themselves", async () => {
  await withKey({ timeoutMs: 20_000 }, async (key) => {
    await liar.goDown();
    const failures: string[] = [];
    for (let i = 0; i < 30; i += 1) {
      const { code, message: text } = await outcome(() => key.encrypt(message())).then(
        () => ({ code: "", message: "" }),
        (error) => error,
      );
      expect(code).toBe("ERR_PROVIDER");
      failures.push(text);
    }
    expect(failures.slice(0, 5).every((text) => text.includes("ECONNREFUSED"))).toBe(true);
    // All the others fail at once, but for a trial after half a second, which a busy machine may take for these calls.
    const [atOnce, trials] = [/failed \d+ times in a row; it is tried again/, /ECONNREFUSED/];
    const later = failures.slice(5);
    expect(later.every((text) => atOnce.test(text) || trials.test(text))).toBe(true);
    expect(later.filter((text) => trials.test(text)).length).toBeLessThanOrEqual(5);
    await liar.comeBack();
    const before = liar.asked();
    for (let recovered = false; !recovered; ) {
      recovered = await outcome(() => key.encrypt(message())).then(
        () => true,
        () => sleep(20, false),
      );
    }
    // One trial went through before everybody was let in again.
    expect(liar.asked() - before).toBe(1);
    await Promise.all(Array.from({ length: 50 }, () => key.encrypt(message())));
  });
});

describe("somebody between client and key manager, without the secret", () => {
  async function withHmacKey(work: (key: CipherKey) => Promise<void>): Promise<void> {
    await withKey({ url: between.url, credentials: { client: "orders", secret } }, work);
  }

  test("can pass requests on, and neither alter nor repeat an answer", async () => {
    await withHmacKey(async (key) => {
      const request = message();
      const seen: Exchange[] = [];
      between.behave({ alter: (answer) => void seen.push({ ...answer, body: Buffer.from(answer.body) }) });
      const sealed = await key.encrypt(request);
      expect(Buffer.from(await key.decrypt({ ...request, data: sealed }))).toEqual(request.data);
      expect(seen).toHaveLength(2);
      const lies: ((answer: Exchange) => void)[] = [
        alterData(flipLast),
        (answer) => {
          answer.headers["x-lanelock-mac"] = "0".repeat(64);
        },
        (answer) => {
          delete answer.headers["x-lanelock-mac"];
        },
        // The right answer to the same request, from before.
        (answer) => Object.assign(answer, seen[0]),
      ];
      for (const alter of lies) {
        between.behave({ alter });
        await expect(key.encrypt(request)).rejects.toMatchObject({
          ...providerError,
          message: expect.stringContaining("not authentic:"),
        });
      }
      between.behave({ alter: (answer) => void Object.assign(answer, { status: 422 }) });
      await expect(key.encrypt(request)).rejects.toMatchObject(providerError);
    });
  });

  test("cannot repeat a request", async () => {
    await withHmacKey(async (key) => {
      const repeated: (number | undefined)[] = [];
      const { request } = await import("node:https");
      between.behave({
        instead: (incoming, response) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("end", () => {
            const send = (then: (status: number | undefined) => void) => {
              const { method = "", headers } = incoming;
              const onward = request(
                new URL(incoming.url ?? "", proxy.url),
                { method, headers, ca: authority.pem },
                (answer) => {
                  answer.resume();
                  answer.on("end", () => then(answer.statusCode));
                },
              );
              onward.end(Buffer.concat(chunks));
            };
            send((first) =>
              send((second) => {
                repeated.push(first, second);
                response.destroy();
              }),
            );
          });
          return true;
        },
      });
      await expect(key.encrypt(message())).rejects.toMatchObject(providerError);
      // The client asks again, under another nonce, when its connection is cut.
      expect(repeated).toEqual([200, 401, 200, 401]);
    });
  });
});
