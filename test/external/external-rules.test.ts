import { randomBytes } from "node:crypto";
import { externalKeys, ManagerRefusal } from "lanelock/external";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CipherKey, CipherMode, KeyBinding } from "../../src/kms/ports/index.ts";
import { translated } from "../../src/providers/external/external-key.ts";
import { binding, host, iv, outcome } from "../pkcs11/objects/key-objects.ts";
import { createAuthority } from "./certificates.ts";
import { type Answer, startSmallManager } from "./small-manager.ts";

// What a key manager may answer, and what the KMS makes of it.

const authority = createAuthority("keys");
const orders = authority.issue("orders");
const credentials = { certificate: orders.certificate, privateKey: orders.privateKey };
let manager: Awaited<ReturnType<typeof startSmallManager>>;
beforeAll(async () => {
  manager = await startSmallManager(authority.issue("server", "IP:127.0.0.1"));
});
afterEach(() => {
  manager.answer(() => undefined);
  manager.asked.length = 0;
});
afterAll(() => manager.close());

const bound = (more: Partial<KeyBinding> = {}) => binding("Aliyun_AES_256", { protectionLevel: "EXTERNAL", ...more });
const made = (more: object = {}) => externalKeys({ url: manager.url, ca: authority.pem, credentials, ...more });
async function opened(more: object = {}) {
  const provider = made(more);
  await provider.open(host);
  return provider;
}
async function withKey(work: (key: CipherKey) => Promise<void>, mode: CipherMode = "GCM", more: object = {}) {
  const provider = await opened(more);
  const own = bound({ mode });
  const { handle } = await provider.createKey({ binding: own });
  try {
    await work(await provider.loadCipherKey({ binding: own, handle, publicKey: undefined }));
  } finally {
    await provider.close();
  }
}
const refusal = (status: number, code: unknown, ...given: [message?: unknown]): Answer => ({
  status,
  body: { error: { code, message: given.length > 0 ? given[0] : "why" } },
});
const message = () => ({ data: randomBytes(32), iv: iv("GCM"), aad: randomBytes(5) });
const unsupported = { name: "KmsError", code: "UnsupportedOperation" };
const failed = { name: "LanelockError", code: "ERR_PROVIDER" };

describe("a key of each mode", () => {
  test.each(["GCM", "CBC", "ECB"] as const)(
    "%s seals and opens what may be padded, under a name of its own",
    async (mode) => {
      await withKey(async (key) => {
        const paddings = mode === "GCM" ? [undefined] : (["PKCS7_PADDING", "NO_PADDING"] as const);
        for (const padding of paddings) {
          for (const length of padding === "NO_PADDING" ? [0, 16, 48] : [0, 1, 15, 16, 17]) {
            const request = { data: randomBytes(length), iv: iv(mode), padding };
            const sealed = await key.encrypt(request);
            expect(Buffer.compare(await key.decrypt({ ...request, data: sealed }), request.data)).toBe(0);
          }
        }
        // What the request says, and nothing that the mode does not have.
        const { body } = manager.asked.at(-1) as { body: object };
        const fields = {
          GCM: ["mode", "iv", "data"],
          CBC: ["mode", "iv", "padding", "data"],
          ECB: ["mode", "padding", "data"],
        };
        expect(Object.keys(body)).toEqual(fields[mode]);
      }, mode);
    },
  );

  test.each([
    ["GCM", undefined, [0, 15]],
    ["CBC", "NO_PADDING", [1, 17]],
    ["ECB", "PKCS7_PADDING", [0, 15]],
  ] as const)("%s %s: a ciphertext of a length that it cannot have is not sent", async (mode, padding, lengths) => {
    await withKey(async (key) => {
      manager.asked.length = 0;
      for (const length of lengths) {
        const request = { data: new Uint8Array(length), iv: iv(mode), padding };
        await expect(outcome(() => key.decrypt(request))).rejects.toMatchObject({ code: "ERR_LENGTH" });
      }
      if (padding === "NO_PADDING") {
        const request = { data: new Uint8Array(15), iv: iv(mode), padding };
        await expect(outcome(() => key.encrypt(request))).rejects.toMatchObject({ code: "ERR_LENGTH" });
      }
      expect(manager.asked).toEqual([]);
    }, mode);
  });

  test("answers of a length that no plaintext has are a lie", async () => {
    await withKey(async (key) => {
      const data = new Uint8Array(32);
      for (const length of [15, 32]) {
        manager.answer(() => ({ status: 200, body: { data: Buffer.alloc(length).toString("base64") } }));
        const request = { data, iv: iv("CBC"), padding: "PKCS7_PADDING" } as const;
        await expect(key.decrypt(request)).rejects.toMatchObject(failed);
      }
      for (const length of [16, 31]) {
        manager.answer(() => ({ status: 200, body: { data: Buffer.alloc(length).toString("base64") } }));
        const request = { data, iv: iv("CBC"), padding: "PKCS7_PADDING" } as const;
        expect(await key.decrypt(request)).toHaveLength(length);
      }
    }, "CBC");
  });

  test("that was disposed of asks for nothing", async () => {
    await withKey(async (key) => {
      manager.asked.length = 0;
      key.dispose();
      for (const call of [() => key.encrypt(message()), () => key.decrypt(message())]) {
        await expect(outcome(call)).rejects.toMatchObject({ code: "ERR_STATE" });
      }
      expect(manager.asked).toEqual([]);
    });
  });

  test("uses one connection for call after call", async () => {
    const before = manager.connections();
    await withKey(async (key) => {
      for (let i = 0; i < 3; i++) await key.encrypt(message());
    });
    expect(manager.connections() - before).toBe(1);
  });

  test("with verifyEncrypt a ciphertext that the manager itself refuses is a lie, and other failures pass", async () => {
    await withKey(
      async (key) => {
        const onDecrypt = (answer: Answer) => (path: string) => (path.endsWith("/decrypt") ? answer : undefined);
        for (const [status, code] of [
          [422, "authentication"],
          [422, "padding"],
          [422, "length"],
        ] as const) {
          manager.answer(onDecrypt(refusal(status, code)));
          const lied = { ...failed, message: expect.stringContaining("does not decrypt") };
          await expect(key.encrypt(message()), code).rejects.toMatchObject(lied);
        }
        manager.answer(onDecrypt(refusal(404, "key_not_found")));
        const passed = { ...failed, message: expect.stringContaining("refused (key_not_found)") };
        await expect(key.encrypt(message())).rejects.toMatchObject(passed);
      },
      "GCM",
      { verifyEncrypt: true },
    );
  });
});

describe("the connection", () => {
  test("that is closed asks for nothing more", async () => {
    let left: CipherKey | undefined;
    await withKey(async (key) => {
      left = key;
    });
    manager.asked.length = 0;
    await expect(outcome(() => left?.encrypt(message()))).rejects.toMatchObject({ code: "ERR_STATE" });
    expect(manager.asked).toEqual([]);
  });

  test("takes a manager that is unavailable for one that is down, and one that refuses for one that answers", async () => {
    for (const [answer, reached] of [
      [refusal(503, "unavailable"), 5],
      [refusal(400, "bad_request"), 7],
    ] as const) {
      await withKey(async (key) => {
        manager.answer(() => answer);
        manager.asked.length = 0;
        for (let i = 0; i < 7; i++) await expect(key.encrypt(message())).rejects.toMatchObject(failed);
        expect(manager.asked.length).toBe(reached);
        manager.answer(() => undefined);
      });
    }
  });

  test("takes calls that their callers gave up for no failure of the manager", async () => {
    await withKey(async (key) => {
      const reason = new Error("enough");
      for (let i = 0; i < 7; i++) {
        const abort = new AbortController();
        const calling = outcome(() => key.encrypt({ ...message(), signal: abort.signal }));
        abort.abort(reason);
        await expect(calling).rejects.toBe(reason);
      }
      expect(await key.encrypt(message())).toHaveLength(48);
    });
  });

  test("reads an answer of 100,000 bytes, and none that is longer", async () => {
    await withKey(async (key) => {
      const start = `{"data":"${Buffer.alloc(32, 1).toString("base64")}","more":"`;
      const answer = (length: number) => () => ({ status: 200, body: `${start.padEnd(length - 2, "x")}"}` });
      const request = { data: new Uint8Array(48), iv: iv("GCM") };
      manager.answer(answer(100_000));
      expect(Buffer.from(await key.decrypt(request))).toEqual(Buffer.alloc(32, 1));
      manager.answer(answer(100_001));
      await expect(key.decrypt(request)).rejects.toMatchObject({
        ...failed,
        message: expect.stringContaining("100000"),
      });
    });
  });
});

describe("a refusal", () => {
  test.each([
    [422, "authentication", { name: "LanelockError", code: "ERR_AUTHENTICATION" }],
    [422, "padding", { name: "LanelockError", code: "ERR_PADDING" }],
    [422, "length", { name: "LanelockError", code: "ERR_LENGTH" }],
    [501, "unsupported", { ...unsupported, message: expect.stringMatching(/cannot do it: why$/) }],
    [400, "bad_request", { ...failed, message: expect.stringMatching(/refused \(bad_request\): why$/) }],
    [401, "unauthenticated", failed],
    [404, "key_not_found", failed],
    [413, "too_large", failed],
    [503, "unavailable", failed],
  ] as const)("%i %s", async (status, code, wanted) => {
    await withKey(async (key) => {
      manager.answer(() => refusal(status, code));
      const error = await outcome(() => key.decrypt(message())).catch((reason) => reason);
      expect(error).toMatchObject(wanted);
      const hasCause = !["authentication", "padding", "length"].includes(code);
      expect(error.cause instanceof ManagerRefusal).toBe(hasCause);
      if (hasCause) expect(error.cause).toMatchObject({ refusal: code, message: "why" });
    });
  });

  test.each([
    ["long", "x".repeat(400), "x".repeat(300)],
    ["not printable", "a\nb\u0000c\u00e9~ ", "a?b?c?~ "],
    ["no text", 5, ""],
    ["an object", { a: 1 }, ""],
    ["absent", undefined, ""],
  ])("whose message is %s", async (_, given, wanted) => {
    await withKey(async (key) => {
      manager.answer(() => refusal(400, "bad_request", given));
      const error = await outcome(() => key.encrypt(message())).catch((reason) => reason);
      expect(error).toMatchObject({ ...failed, cause: { name: "ManagerRefusal", message: wanted } });
    });
  });

  test.each([
    ["with the status of another", refusal(400, "authentication")],
    ["with the status of success", refusal(200, "authentication", "")],
    ["that the protocol does not have", refusal(400, "teapot")],
    ["that is a name of every object", refusal(400, "toString")],
    ["whose code is no text", refusal(400, 5)],
    ["that is null", { status: 400, body: { error: null } }],
    ["that is text", { status: 400, body: { error: "bad_request" } }],
    ["without a code", { status: 400, body: { error: {} } }],
    ["that is absent", { status: 400, body: {} }],
    ["in a list", { status: 400, body: [{ error: { code: "bad_request" } }] }],
    ["that is no JSON", { status: 400, body: "bad_request" }],
  ])("%s is no answer of the protocol", async (_, answer) => {
    await withKey(async (key) => {
      manager.answer(() => answer);
      const error = await outcome(() => key.encrypt(message())).catch((reason) => reason);
      expect(error).toMatchObject(failed);
      if (answer.status !== 200) expect(error.message).toContain(`status ${answer.status}, is not one of the protocol`);
      expect(error.cause).toBeUndefined();
    });
  });

  test("is translated once; an error of ours and the signal's own reason pass, and any other is the provider's", () => {
    const [ours, reason, foreign] = [new ManagerRefusal("bad_request", ""), new Error("enough"), new Error("foreign")];
    const once = translated(ours, "m");
    expect(translated(once, "m")).toBe(once);
    expect(translated(reason, "m", AbortSignal.abort(reason))).toBe(reason);
    const wrapped = { ...failed, message: expect.stringContaining("foreign"), cause: foreign };
    expect(translated(foreign, "m")).toMatchObject(wrapped);
    expect(translated(foreign, "m", AbortSignal.abort(reason))).toMatchObject(wrapped);
    expect(translated(undefined, "m", new AbortController().signal)).toMatchObject(failed);
  });
});

describe("the provider", () => {
  test("tells what the manager offers, and refuses the modes that it lacks", async () => {
    const modes = ["GCM", "OTHER"];
    manager.answer(() => ({ status: 200, body: { protocol: 1, name: "n".repeat(300), modes } }));
    const provider = await opened();
    expect(provider.name).toBe(`${"n".repeat(200)} at ${manager.url}`);
    const keySpec = "Aliyun_AES_256";
    expect(provider.capabilities()).toEqual([
      { keySpec, algorithm: "AES_GCM", custody: "external" },
      { keySpec, algorithm: "AES_CBC", missing: "the mode CBC" },
      { keySpec, algorithm: "AES_ECB", missing: "the mode ECB" },
    ]);
    manager.asked.length = 0;
    for (const own of [bound({ mode: "CBC" }), bound({ mode: "NONE" }), bound({ keySpec: "Aliyun_SM4" })]) {
      await expect(outcome(() => provider.createKey({ binding: own }))).rejects.toMatchObject(unsupported);
    }
    const object = { binding: bound(), handle: new Uint8Array(1), publicKey: undefined };
    const imported = { binding: bound(), material: new Uint8Array(32) };
    await expect(outcome(() => provider.importKey(imported as never))).rejects.toMatchObject(unsupported);
    await expect(outcome(() => provider.loadAsymmetricKey(object))).rejects.toMatchObject(unsupported);
    expect(provider.rewrap(object, host)).toBe(object.handle);
    expect(manager.asked).toEqual([]);
    await provider.close();
  });

  test.each([
    { protocol: 2, name: "n", modes: [] },
    { protocol: "1", name: "n", modes: [] },
    { protocol: 1, name: 5, modes: [] },
    { protocol: 1, modes: [] },
    { protocol: 1, name: "n", modes: "GCM" },
    { protocol: 1, name: "n" },
  ])("does not open for a manager that says %o", async (body) => {
    manager.answer(() => ({ status: 200, body }));
    const refused = { ...failed, message: expect.stringContaining("does not speak version 1") };
    await expect(opened()).rejects.toMatchObject(refused);
  });

  test("is closed, open once, and then closed: it says so", async () => {
    const provider = made();
    const shut = { code: "ERR_STATE" };
    expect(provider.name).toBe(`key manager ${manager.url}`);
    expect(() => provider.capabilities()).toThrow(expect.objectContaining(shut));
    await provider.open(host);
    await expect(outcome(() => provider.open(host))).rejects.toMatchObject(shut);
    await provider.close();
    await expect(outcome(() => provider.createKey({ binding: bound() }))).rejects.toMatchObject(shut);
  });

  test.each([5, "", "a/b", "..", "x".repeat(129), undefined])("takes no key with the name %o", async (key) => {
    const provider = await opened();
    manager.answer((path) => (path === "/v1/keys" ? { status: 200, body: { key } } : undefined));
    const refused = { ...failed, message: expect.stringContaining("no key name") };
    await expect(provider.createKey({ binding: bound() })).rejects.toMatchObject(refused);
    await provider.close();
  });

  test("has a key destroyed that it cannot use", async () => {
    const provider = await opened();
    const before = manager.keys.size;
    manager.answer((path) => (path.endsWith("/encrypt") ? refusal(501, "unsupported") : undefined));
    await expect(provider.createKey({ binding: bound() })).rejects.toMatchObject(unsupported);
    expect(manager.asked.at(-1)).toMatchObject({ path: expect.stringMatching(/\/destroy$/), body: { mode: "GCM" } });
    expect(manager.keys.size).toBe(before);
    await provider.close();
  });

  test("a key that is gone counts as destroyed, and no other refusal does", async () => {
    const provider = await opened();
    const own = bound();
    const object = { binding: own, ...(await provider.createKey({ binding: own })), publicKey: undefined };
    manager.answer(() => refusal(503, "unavailable"));
    await expect(provider.destroyKey(object)).rejects.toMatchObject(failed);
    manager.answer(() => refusal(501, "unsupported"));
    await expect(provider.destroyKey(object)).rejects.toMatchObject(unsupported);
    manager.answer(() => undefined);
    await provider.destroyKey(object);
    await provider.destroyKey(object);
    await provider.close();
  });
});
