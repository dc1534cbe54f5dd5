import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Connections } from "../../src/external-proxy/connections.ts";
import { checkProxyOptions } from "../../src/external-proxy/options.ts";
import { answerRequest } from "../../src/external-proxy/requests.ts";
import { TokenKeys } from "../../src/external-proxy/token-keys.ts";
import { CKF, CKM } from "../../src/providers/pkcs11/session/constants.ts";
import { Token } from "../../src/providers/pkcs11/session/token.ts";
import { createAuthority } from "./certificates.ts";

// Parts of the proxy that need no token: whose connection goes, which requests there are, what a token's list means, options.

afterEach(() => vi.restoreAllMocks());

describe("connections", () => {
  let port = 1;
  /** A socket as far as the limits look at one. */
  function socketFrom(remoteAddress: string | undefined) {
    port += 1;
    const socket = Object.assign(new EventEmitter(), { remoteAddress, remotePort: port, destroyed: false });
    const destroy = () => {
      socket.destroyed = true;
      socket.emit("close");
    };
    return Object.assign(socket, { destroy }) as unknown as Socket & { destroyed: boolean };
  }
  function limited(max: number, maxPerAddress: number) {
    const connections = new Connections({ max, maxPerAddress });
    const admit = (address: string) => {
      const socket = socketFrom(address);
      connections.admit(socket);
      return socket;
    };
    return { connections, admit };
  }
  const gone = (sockets: { destroyed: boolean }[]) => sockets.map(({ destroyed }) => destroyed);

  test("of an address at its limit: the newcomer takes the place of its oldest stranger, and of no other address's", () => {
    const { connections, admit } = limited(10, 2);
    const sockets = [admit("10.0.0.9"), admit("10.0.0.1"), admit("10.0.0.1"), admit("10.0.0.1")];
    expect(gone(sockets)).toEqual([false, true, false, false]);
    expect(connections.open).toBe(3);
    for (const socket of sockets.slice(2)) connections.trust(socket);
    const newcomer = admit("10.0.0.1");
    expect([...gone(sockets), newcomer.destroyed, connections.open]).toEqual([false, true, false, false, true, 3]);
    // Its place is free when one of its clients leaves, and only one.
    sockets[2]?.destroy();
    const [next, another] = [admit("10.0.0.1"), admit("10.0.0.1")];
    expect([next.destroyed, another.destroyed, connections.open]).toEqual([true, false, 3]);
  });

  test("at the limit of all: the oldest stranger goes, and where there is none, the newcomer", () => {
    const { connections, admit } = limited(2, 9);
    const [first, second] = [admit("10.0.0.1"), admit("10.0.0.2")];
    connections.trust(first);
    const third = admit("10.0.0.3");
    expect(gone([first, second, third])).toEqual([false, true, false]);
    connections.trust(third);
    const fourth = admit("10.0.0.4");
    expect([...gone([first, third, fourth]), connections.open]).toEqual([false, false, true, 2]);
    first.destroy();
    third.destroy();
    expect(connections.open).toBe(0);
    expect(gone([admit("10.0.0.4"), admit("10.0.0.4")])).toEqual([false, false]);
  });

  test("that close leave no count behind, and one that is not known is nobody's", () => {
    const { connections, admit } = limited(100, 3);
    for (let round = 0; round < 5; round++) {
      const sockets = [admit("10.0.0.1"), admit("10.0.0.1"), admit("10.0.0.1")];
      expect(gone(sockets)).toEqual([false, false, false]);
      sockets[0]?.destroy();
      sockets[0]?.emit("close");
      const again = admit("10.0.0.1");
      expect(gone([again, ...sockets.slice(1)])).toEqual([false, false, false]);
      for (const socket of [again, ...sockets.slice(1)]) socket.destroy();
      expect(connections.open).toBe(0);
    }
    connections.trust(socketFrom("10.0.0.1"));
    expect(connections.open).toBe(0);
    connections.admit(socketFrom(undefined));
    expect(connections.open).toBe(1);
  });
});

describe("requests", () => {
  const name = "0123456789abcdef0123456789abcdef01234567";
  const base64 = (length: number) => Buffer.alloc(length, 1).toString("base64");
  /** Keeps what the keys are asked for. */
  function asked() {
    const calls: unknown[][] = [];
    const keep =
      (result: unknown) =>
      async (...args: unknown[]) => {
        calls.push(args);
        return result;
      };
    const [create, destroy, work] = [keep(name), keep(undefined), keep(Buffer.of(1, 2, 3))];
    const keys = { name: "the token", modes: ["GCM"], create, destroy, work } as unknown as TokenKeys;
    const ask = (method: string, path: string, fields: unknown = {}) =>
      answerRequest(keys, { client: "c", method, path, body: Buffer.from(JSON.stringify(fields)) });
    return { calls, ask };
  }

  test("there are five", async () => {
    const { calls, ask } = asked();
    expect(await ask("GET", "/v1/info")).toEqual({ protocol: 1, name: "the token", modes: ["GCM"] });
    expect(await ask("POST", "/v1/keys", { keySpec: "Aliyun_AES_256", mode: "CBC" })).toEqual({ key: name });
    const gcm = { mode: "GCM", iv: base64(12), data: base64(5), aad: base64(8192) };
    expect(await ask("POST", `/v1/keys/${name}/encrypt`, gcm)).toEqual({ data: "AQID" });
    const ecb = { mode: "ECB", data: base64(16), padding: "NO_PADDING" };
    expect(await ask("POST", `/v1/keys/${name}/decrypt`, ecb)).toEqual({ data: "AQID" });
    expect(await ask("POST", `/v1/keys/${name}/destroy`, { mode: "ECB" })).toEqual({});
    const bytes = (length: number) => Buffer.alloc(length, 1);
    const key = (mode: string) => ({ client: "c", mode, name });
    expect(calls).toEqual([
      [{ client: "c", mode: "CBC" }],
      ["encrypt", key("GCM"), { data: bytes(5), iv: bytes(12), aad: bytes(8192) }],
      ["decrypt", key("ECB"), { data: bytes(16), iv: bytes(0), padding: "NO_PADDING" }],
      [key("ECB")],
    ]);
    await ask("POST", `/v1/keys/${name}/encrypt`, { ...gcm, aad: undefined });
    expect(calls.at(-1)).toEqual(["encrypt", key("GCM"), { data: bytes(5), iv: bytes(12), aad: undefined }]);
  });

  const gcm = { mode: "GCM", iv: base64(12), data: base64(5) };
  const cbc = { mode: "CBC", iv: base64(16), data: base64(16), padding: "PKCS7_PADDING" };
  test.each<[string, string, unknown]>([
    ["POST", "/v1/info", { mode: "GCM" }],
    ["GET", "/v1/keys", { mode: "GCM" }],
    ["PUT", `/v1/keys/${name}/destroy`, { mode: "GCM" }],
    ["POST", "/v1/key", { mode: "GCM" }],
    ["POST", `/v1/keys/${name.toUpperCase()}/destroy`, { mode: "GCM" }],
    ["POST", `/v1/keys/${name}0/destroy`, { mode: "GCM" }],
    ["POST", `/v1/keys/${name}/destroys`, { mode: "GCM" }],
    ["POST", `/x/v1/keys/${name}/destroy`, { mode: "GCM" }],
    ["POST", `/v1/keys/${name}/wrap`, gcm],
    ...[null, [], 5, "text"].map((body) => ["POST", "/v1/keys", body] as [string, string, unknown]),
    ...[undefined, "NONE", "gcm", 5, null].map(
      (mode) => ["POST", "/v1/keys", { keySpec: "Aliyun_AES_256", mode }] as [string, string, unknown],
    ),
    ...[
      { ...gcm, iv: base64(11) },
      { ...gcm, iv: base64(16) },
      { ...gcm, iv: undefined },
      { ...gcm, iv: "*" },
      { ...gcm, data: undefined },
      { ...gcm, data: 5 },
      { ...gcm, aad: "*" },
      { ...gcm, aad: base64(8193) },
      { ...gcm, padding: "NO_PADDING" },
      { ...cbc, iv: base64(12) },
      { ...cbc, aad: base64(1) },
      { ...cbc, aad: "" },
      { ...cbc, padding: undefined },
      { ...cbc, padding: "ZEROS" },
      { ...cbc, mode: "ECB" },
    ].map((body) => ["POST", `/v1/keys/${name}/encrypt`, body] as [string, string, unknown]),
  ])("and no others: %s %s %o", async (method, path, body) => {
    const { calls, ask } = asked();
    await expect(ask(method, path, body)).rejects.toMatchObject({ refusal: "bad_request" });
    expect(calls).toEqual([]);
  });

  test("for a key of another kind are unsupported", async () => {
    const { calls, ask } = asked();
    for (const keySpec of ["Aliyun_SM4", undefined, 5]) {
      const refused = { refusal: "unsupported" };
      await expect(ask("POST", "/v1/keys", { keySpec, mode: "GCM" })).rejects.toMatchObject(refused);
    }
    expect(calls).toEqual([]);
  });
});

test("modes are those for which the token makes keys, encrypts and decrypts", async () => {
  const both = CKF.ENCRYPT | CKF.DECRYPT;
  const modesOf = async (...listed: [number, number][]) => {
    const mechanisms = new Map(listed.map(([mechanism, flags]) => [mechanism, { flags }]));
    vi.spyOn(Token, "open").mockResolvedValue({ name: "the token", mechanisms, close: async () => {} } as never);
    const keys = await TokenKeys.open({} as never);
    for (const mode of ["GCM", "CBC", "ECB"] as const) {
      if (keys.modes.includes(mode)) continue;
      const refused = { code: "UnsupportedOperation", message: expect.stringContaining(`AES-${mode}`) };
      await expect(keys.create({ client: "c", mode })).rejects.toMatchObject(refused);
    }
    return keys.modes;
  };
  const generation: [number, number] = [CKM.AES_KEY_GEN, CKF.GENERATE];
  expect(await modesOf(generation, [CKM.AES_GCM, both], [CKM.AES_CBC, both], [CKM.AES_ECB, both])).toEqual([
    ...["GCM", "CBC", "ECB"],
  ]);
  expect(await modesOf([CKM.AES_GCM, both])).toEqual([]);
  expect(await modesOf([CKM.AES_KEY_GEN, 0], [CKM.AES_GCM, both])).toEqual([]);
  expect(await modesOf(generation)).toEqual([]);
  expect(
    await modesOf(generation, [CKM.AES_GCM, CKF.ENCRYPT], [CKM.AES_CBC, CKF.DECRYPT], [CKM.AES_ECB, both]),
  ).toEqual(["ECB"]);
});

test("options of every wrong kind are ERR_ARGUMENT", () => {
  const { pem, issue } = createAuthority("keys");
  const { certificate, privateKey } = issue("server", "IP:127.0.0.1");
  const token = { module: "/nowhere.so", token: { label: "t" }, pin: "1234" };
  const good = { token, tls: { certificate, privateKey }, clients: { orders: new Uint8Array(32) } };
  const check = (options: unknown) => () => checkProxyOptions(options as never);
  for (const more of [{}, { port: 0 }, { port: 65_535 }, { clientCa: pem }, { clientCa: pem, clients: undefined }]) {
    expect(check({ ...good, ...more })).not.toThrow();
  }
  const wrong = [
    ...["", 5].map((host) => ({ host })),
    ...[-1, 65_536, 1.5, "5", Number.NaN].map((port) => ({ port })),
    ...[undefined, null, {}, { certificate }, { privateKey }, { certificate: "", privateKey }].map((tls) => ({ tls })),
    ...["", 5, "x"].map((clientCa) => ({ clientCa })),
    ...[0, 1.5, "5"].flatMap((limit) => [{ maxConnections: limit }, { maxConnectionsPerAddress: limit }]),
    ...[new Uint8Array(31), "x".repeat(32), undefined].map((secret) => ({ clients: { orders: secret } })),
    ...[undefined, {}].map((clients) => ({ clients })),
    ...[{ token: undefined }, { tokn: token }],
  ];
  for (const more of wrong) {
    expect(check({ ...good, ...more }), JSON.stringify(more)).toThrow(
      expect.objectContaining({ code: "ERR_ARGUMENT" }),
    );
  }
});
