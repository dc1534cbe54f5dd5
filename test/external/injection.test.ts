import { randomBytes } from "node:crypto";
import type { ClientRequest } from "node:http";
import { runInNewContext } from "node:vm";
import { LanelockError } from "lanelock";
import { externalKeys } from "lanelock/external";
import { KmsError } from "lanelock/kms";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type ExternalProxy, startExternalProxy } from "../../src/external-proxy/index.ts";
import type { CipherKey, KeyProvider } from "../../src/kms/ports/index.ts";
import { binding, host, iv, outcome } from "../pkcs11/objects/key-objects.ts";
import { foreignErrors } from "../tokens/foreign-errors.ts";
import { type CallRecord, instrument } from "../tokens/instrumented-module.ts";
import { createSoftHsmToken } from "../tokens/softhsm.ts";
import { createAuthority } from "./certificates.ts";

// Everything that a call of a key manager takes from Node fails in turn: making a request, its events, those of its socket and of its
// answer. The caller must see an error of ours, nothing may hang, and the next call must succeed.

type Breaking = (outgoing: ClientRequest, thrown: unknown) => void;
const injection = vi.hoisted(() => ({
  /** Breaks the next request that is made. */
  next: undefined as { breaking: Breaking | "request"; thrown: unknown } | undefined,
  made: 0,
  /** Breaks a function of node:crypto, once. */
  crypto: undefined as { name: string; thrown: unknown } | undefined,
}));
vi.mock("node:crypto", async (original) => {
  const real = await original<typeof import("node:crypto")>();
  const breakable = (name: "randomBytes" | "createHmac" | "createHash" | "timingSafeEqual") => {
    const work: (...parameters: never[]) => unknown = real[name];
    return (...parameters: never[]) => {
      const { crypto } = injection;
      if (crypto?.name !== name) return work(...parameters);
      injection.crypto = undefined;
      throw crypto.thrown;
    };
  };
  const broken = Object.fromEntries(
    (["randomBytes", "createHmac", "createHash", "timingSafeEqual"] as const).map((name) => [name, breakable(name)]),
  );
  return { ...real, ...broken, default: { ...real, ...broken } };
});
vi.mock("node:https", async (original) => {
  const real = await original<typeof import("node:https")>();
  const request = (...parameters: unknown[]): ClientRequest => {
    injection.made += 1;
    const { next } = injection;
    injection.next = undefined;
    if (next?.breaking === "request") throw next.thrown;
    const outgoing: ClientRequest = Reflect.apply(real.request, undefined, parameters);
    if (next) (next.breaking as Breaking)(outgoing, next.thrown);
    return outgoing;
  };
  return { ...real, request, default: { ...real, request } };
});

const token = createSoftHsmToken("injected");
const authority = createAuthority("keys");
const server = authority.issue("server", "IP:127.0.0.1");
const secret = new Uint8Array(randomBytes(32));
let proxy: ExternalProxy;
let provider: KeyProvider;
let key: CipherKey;
let calls: CallRecord;
const options = () => ({
  url: proxy.url,
  ca: authority.pem,
  credentials: { client: "orders", secret },
  timeoutMs: 20_000,
});
const bound = binding("Aliyun_AES_256", { protectionLevel: "EXTERNAL" });
const message = { data: randomBytes(32), iv: iv("GCM") };
let handle: Uint8Array;

beforeAll(async () => {
  proxy = await startExternalProxy({
    token: { ...token, sessions: { max: 2 } },
    port: 0,
    tls: server,
    clients: { orders: secret },
  });
  calls = await instrument(token);
  provider = externalKeys(options());
  await provider.open(host);
  ({ handle } = await provider.createKey({ binding: bound }));
  key = await provider.loadCipherKey({ binding: bound, handle });
});
afterEach(() => {
  injection.next = undefined;
  calls.failing = undefined;
});
afterAll(async () => {
  await provider.close();
  await proxy.close();
});

const emitting =
  (event: string): Breaking =>
  (outgoing, thrown) =>
    setImmediate(() => outgoing.emit(event, thrown));
const onAnswer =
  (event: string): Breaking =>
  (outgoing, thrown) =>
    outgoing.prependListener("response", (incoming) => setImmediate(() => incoming.emit(event, thrown)));
const onSocket =
  (work: (socket: import("node:net").Socket, thrown: unknown) => void): Breaking =>
  (outgoing, thrown) =>
    outgoing.on("socket", (socket) => setImmediate(() => work(socket, thrown)));

const breakings: Record<string, Breaking | "request"> = {
  "making the request throws": "request",
  "sending it throws": (outgoing, thrown) => {
    outgoing.end = () => {
      throw thrown;
    };
  },
  "the request's error event": emitting("error"),
  "the request's close event": emitting("close"),
  "the answer's error event": onAnswer("error"),
  "the answer's aborted event": onAnswer("aborted"),
  "its socket is destroyed": onSocket((socket) => socket.destroy()),
  "its socket is destroyed with an error": onSocket((socket, thrown) => {
    try {
      socket.destroy(thrown as Error);
    } catch {
      // Node itself reads the message of an error whose message cannot be read.
      socket.destroy();
    }
  }),
  "its socket ends": onSocket((socket) => socket.end()),
  "its socket times out": onSocket((socket) =>
    socket.destroy(Object.assign(new Error("timed out"), { code: "ETIMEDOUT" })),
  ),
};

function requireOurs(error: unknown, what: string): void {
  expect(error, what).toBeInstanceOf(LanelockError);
  const { code, message: text } = error as LanelockError;
  expect(error instanceof KmsError ? "ERR_PROVIDER" : code, `${what}: ${text}`).toBe("ERR_PROVIDER");
  expect(text, what).toMatch(/^The call of the key manager .{20,}\.$/s);
}

const operations: Record<string, () => Promise<unknown>> = {
  encrypt: async () => key.encrypt(message),
  decrypt: async () => {
    const data = await key.encrypt(message);
    return key.decrypt({ ...message, data });
  },
  createKey: async () => provider.createKey({ binding: bound }),
  loadCipherKey: async () => provider.loadCipherKey({ binding: bound, handle }),
  open: async () => {
    const another = externalKeys(options());
    try {
      await another.open(host);
    } finally {
      await another.close();
    }
  },
};

describe.each(Object.entries(breakings))("when %s", (_name, breaking) => {
  test.each(Object.entries(operations))("%s says so, and the next one succeeds", async (_operation, work) => {
    for (const [kind, thrown] of foreignErrors) {
      injection.next = { breaking, thrown };
      const error = await outcome(work).then(
        () => undefined,
        (reason: unknown) => ({ reason }),
      );
      // A repeated request, or an event after the answer, may well succeed.
      if (error) requireOurs(error.reason, kind);
      await expect(outcome(work), `after ${kind}`).resolves.not.toThrow();
    }
  });
});

describe("a proxy whose token throws values that drivers should not throw", () => {
  test("says that the token cannot be asked, and answers the next request", async () => {
    for (const name of ["C_EncryptInit", "C_Encrypt", "C_EncryptAsync", "C_FindObjects", "C_GenerateKeyAsync"]) {
      for (const [kind, thrown] of foreignErrors) {
        calls.thrown = thrown;
        calls.failing = (call) => call === name;
        const work = name === "C_GenerateKeyAsync" ? operations.createKey : operations.encrypt;
        const error = await outcome(work ?? (() => undefined)).then(
          () => undefined,
          (reason: unknown) => ({ reason }),
        );
        calls.failing = undefined;
        if (error) {
          expect(error.reason, `${kind} from ${name}`).toMatchObject({
            code: "ERR_PROVIDER",
            message: expect.stringContaining("unavailable"),
          });
        }
        await expect(outcome(work ?? (() => undefined)), `after ${kind} from ${name}`).resolves.not.toThrow();
      }
    }
  });

  test("continues when its log throws", async () => {
    for (const [, thrown] of foreignErrors) {
      for (const log of [
        () => {
          throw thrown;
        },
        () => Promise.reject(thrown),
      ]) {
        const talkative = await startExternalProxy({ token, port: 0, tls: server, clients: { orders: secret }, log });
        const client = externalKeys({ ...options(), url: talkative.url });
        await client.open(host);
        const loaded = await client.loadCipherKey({ binding: bound, handle });
        expect(await loaded.encrypt(message)).toHaveLength(48);
        await client.close();
        await talkative.close();
      }
    }
  });
});

describe.each(["randomBytes", "createHmac", "createHash", "timingSafeEqual"] as const)("node:crypto's %s", (name) => {
  test("that fails is an error of ours, on both sides, and the next call succeeds", async () => {
    for (const [kind, thrown] of foreignErrors) {
      for (const [operation, work] of Object.entries(operations)) {
        injection.crypto = { name, thrown };
        const error = await outcome(work).then(
          () => undefined,
          (reason: unknown) => ({ reason }),
        );
        injection.crypto = undefined;
        const what = `${kind} in ${operation}`;
        if (error) expect(error.reason, what).toMatchObject({ code: "ERR_PROVIDER" });
        if (error) expect(error.reason, what).toBeInstanceOf(LanelockError);
        await vi.waitFor(() => outcome(work), { timeout: 60_000, interval: 50 });
      }
    }
  });
});

test("a signal of another realm ends a call with its own reason, before it and during it", async () => {
  /** A signal like jsdom's: an EventTarget that is not one of Node's AbortSignals. */
  const foreignSignal = () => {
    const listeners = new Set<() => void>();
    const signal = runInNewContext("({ aborted: false, reason: undefined })");
    signal.addEventListener = (_event: string, listener: () => void) => listeners.add(listener);
    signal.removeEventListener = (_event: string, listener: () => void) => listeners.delete(listener);
    const abort = (reason: unknown) => {
      signal.aborted = true;
      signal.reason = reason;
      for (const listener of listeners) listener();
    };
    return { signal: signal as AbortSignal, abort, listeners };
  };
  const { signal, abort, listeners } = foreignSignal();
  expect(await key.encrypt({ ...message, signal })).toHaveLength(48);
  expect(listeners.size).toBe(0);
  const call = outcome(() => key.encrypt({ ...message, signal }));
  const reason = { no: "longer wanted" };
  abort(reason);
  await expect(call).rejects.toBe(reason);
  await expect(outcome(() => key.encrypt({ ...message, signal }))).rejects.toBe(reason);
  expect(await key.encrypt(message)).toHaveLength(48);
});

test("a secret from another realm is accepted, and values that are not bytes are refused", async () => {
  const foreign: Uint8Array = runInNewContext("new Uint8Array(32)");
  foreign.set(secret);
  const client = externalKeys({ ...options(), credentials: { client: "orders", secret: foreign } });
  await client.open(host);
  await client.close();
  for (const wrong of [new DataView(new ArrayBuffer(32)), new Uint16Array(32), "x".repeat(32), [1], null, undefined]) {
    const make = () =>
      Reflect.apply(externalKeys, undefined, [{ ...options(), credentials: { client: "orders", secret: wrong } }]);
    expect(make).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
  }
});
