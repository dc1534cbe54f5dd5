import crypto from "node:crypto";
import { LanelockError } from "lanelock";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { asymmetricAlgorithms, isRsa } from "../../src/asymmetric/key-specs.ts";
import { nodePlatform } from "../../src/asymmetric/node-platform.ts";
import type { KeyPair, Platform } from "../../src/asymmetric/platform.ts";
import { generateKeyPair, importPrivateKey, loadPrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey } from "../../src/asymmetric/public-key.ts";
import { webPlatform } from "../../src/asymmetric/web-platform.ts";
import { nextForeignError } from "../tokens/foreign-errors.ts";
import { type Failing, failing } from "./failing-crypto.ts";
import { specs } from "./platforms.ts";
import { testPair } from "./test-keys.ts";

// Every call of node:crypto or WebCrypto that an operation makes fails in turn, with what no platform should throw.

const state: Failing = { made: [], failsAt: () => false, thrown: undefined };
const subtle = crypto.webcrypto.subtle as SubtleCrypto;
const platforms: readonly { name: string; platform: Platform }[] = [
  { name: "node:crypto", platform: nodePlatform(failing(crypto, state, () => false)) },
  { name: "WebCrypto", platform: webPlatform(failing(subtle, state, () => true)) },
];
const digest = crypto.randomBytes(32);

describe.each(platforms.flatMap((one) => specs.map((spec) => ({ ...one, spec }))))("$spec on $name", (row) => {
  const { spec, platform, name } = row;
  let pair: KeyPair;
  beforeAll(async () => {
    pair = await testPair(spec);
  });

  const digests = name === "WebCrypto" && isRsa(spec) ? [] : (["DIGEST"] as const);
  const { signing, encryption } = asymmetricAlgorithms[spec];
  const operations: Record<string, () => Promise<() => unknown>> = {
    // RSA pairs take long to make; EC shows the kind.
    ...(isRsa(spec) ? {} : { "generating a pair": async () => () => generateKeyPair(spec, platform) }),
    "importing a private key": async () => () => importPrivateKey(pair.privateKey, platform),
    "importing a public key": async () => () => importPublicKey(pair.publicKey, platform),
    ...Object.fromEntries(
      signing.flatMap((algorithm) =>
        (["RAW", ...digests] as const).map((messageType) => [
          `${algorithm} of ${messageType}`,
          async () => async () => {
            const key = await loadPrivateKey(pair.privateKey, platform);
            const signature = await key.sign({ algorithm, messageType, data: digest });
            const publicKey = await importPublicKey(pair.publicKey, platform);
            // A platform that fails must not make a good signature a bad one.
            expect(await publicKey.verify({ algorithm, messageType, data: digest, signature })).toBe(true);
          },
        ]),
      ),
    ),
    ...Object.fromEntries(
      encryption.map((algorithm) => [
        algorithm,
        async () => async () => {
          const key = await loadPrivateKey(pair.privateKey, platform);
          const publicKey = await importPublicKey(pair.publicKey, platform);
          const data = await publicKey.encrypt({ algorithm, data: digest });
          expect(Buffer.from(await key.decrypt({ algorithm, data }))).toEqual(digest);
        },
      ]),
    ),
  };

  test.each(Object.entries(operations))("%s", async (_operation, prepare) => {
    const foreign = nextForeignError();
    for (let index = 0; ; index += 1) {
      const work = await prepare();
      const [kind, thrown] = foreign();
      state.made = [];
      state.thrown = thrown;
      state.failsAt = (_name, made) => made === index;
      let error: unknown;
      let failed = false;
      try {
        await work();
      } catch (reason) {
        [error, failed] = [reason, true];
      }
      state.failsAt = () => false;
      const call = state.made[index];
      if (call === undefined) break;
      const what = `${kind} from ${call}, the call ${index}`;
      if (failed) {
        expect(error, what).toBeInstanceOf(LanelockError);
        const { code, message } = error as LanelockError;
        expect(["ERR_PROVIDER", "ERR_UNSUPPORTED"], `${what}: ${message}`).toContain(code);
        expect(message, what).toMatch(/^[A-Z].{20,}/s);
      }
      await (await prepare())();
    }
  });
});

describe("node:crypto of another runtime", () => {
  /** Deno's refuses RSA without padding; another might take no notice of it. */
  const runtimes = {
    "that refuses RSA without padding": (padding: unknown, real: () => unknown) => {
      if (padding === crypto.constants.RSA_NO_PADDING) throw new TypeError("Unknown padding");
      return real();
    },
    "that takes no notice of the padding asked for": (padding: unknown, real: () => unknown) =>
      padding === crypto.constants.RSA_NO_PADDING ? new Uint8Array(256).fill(7) : real(),
    "that answers zeros": (padding: unknown, real: () => unknown) =>
      padding === crypto.constants.RSA_NO_PADDING ? new Uint8Array(256) : real(),
    "whose errors have no code": (_padding: unknown, real: () => unknown) => {
      try {
        return real();
      } catch {
        throw new Error("rsa error");
      }
    },
  };
  const runtime = (behave: (padding: unknown, real: () => unknown) => unknown) =>
    nodePlatform(
      new Proxy(crypto, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property, target);
          const names = ["privateEncrypt", "publicDecrypt", "privateDecrypt", "publicEncrypt"];
          if (typeof value !== "function" || !names.includes(String(property))) return value;
          return (options: { padding?: number }, ...rest: unknown[]) =>
            behave(options.padding, () => value.call(target, options, ...rest));
        },
      }),
    );

  test.each([
    "that refuses RSA without padding",
    "that takes no notice of the padding asked for",
    "that answers zeros",
  ] as const)("%s says what works instead, and answers nothing wrongly", async (which) => {
    const platform = runtime(runtimes[which]);
    const refuses = which === "that refuses RSA without padding";
    const pair = await testPair("RSA_2048");
    const [privateKey, publicKey] = [
      await loadPrivateKey(pair.privateKey, platform),
      await importPublicKey(pair.publicKey, platform),
    ];
    const real = await loadPrivateKey(pair.privateKey);
    for (const algorithm of ["RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256"] as const) {
      const input = { algorithm, messageType: "DIGEST", data: digest } as const;
      const unsupported = { code: "ERR_UNSUPPORTED", message: expect.stringContaining("messageType RAW") };
      await expect((async () => privateKey.sign(input))()).rejects.toMatchObject({
        ...unsupported,
        cause: refuses ? { message: "Unknown padding" } : undefined,
      });
      const signature = await real.sign(input);
      await expect((async () => publicKey.verify({ ...input, signature }))()).rejects.toMatchObject(unsupported);
      const raw = { ...input, messageType: "RAW" } as const;
      expect(await publicKey.verify({ ...raw, signature: await privateKey.sign(raw) })).toBe(true);
    }
    await expect(privateKey.decryptPkcs1(new Uint8Array(256), 32)).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED",
      message: expect.stringContaining("RSAES_OAEP_SHA_256"),
    });
  });

  test("whose errors have no code tells a forged ciphertext from a failure all the same", async () => {
    const platform = runtime(runtimes["whose errors have no code"]);
    const pair = await testPair("RSA_2048");
    const privateKey = await loadPrivateKey(pair.privateKey, platform);
    const publicKey = await importPublicKey(pair.publicKey, platform);
    for (const algorithm of ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"] as const) {
      const data = await publicKey.encrypt({ algorithm, data: digest });
      expect(Buffer.from(await privateKey.decrypt({ algorithm, data }))).toEqual(digest);
      data[100] = (data[100] ?? 0) ^ 1;
      for (const forged of [data, new Uint8Array(256).fill(255), new Uint8Array(256)]) {
        await expect((async () => privateKey.decrypt({ algorithm, data: forged }))()).rejects.toMatchObject({
          code: "ERR_AUTHENTICATION",
        });
      }
    }
  });
});

test("a WebCrypto key that could not be imported once is imported by the next call", async () => {
  const pair = await testPair("RSA_2048");
  const importKey = vi.fn(subtle.importKey.bind(subtle)).mockRejectedValueOnce(new Error("not now"));
  const real = subtle;
  const once = new Proxy(real, {
    get: (target, property) => {
      if (property === "importKey") return importKey;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const key = await loadPrivateKey(pair.privateKey, webPlatform(once));
  const input = { algorithm: "RSA_PSS_SHA_256", messageType: "RAW", data: digest } as const;
  await expect((async () => key.sign(input))()).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  expect(await key.sign(input)).toHaveLength(256);
});
