import crypto from "node:crypto";
import type { Server } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadPrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey } from "../../src/asymmetric/public-key.ts";
import type {
  AsymmetricEncryptionAlgorithm,
  SignatureAlgorithm,
  WrappingAlgorithm,
} from "../../src/kms/ports/index.ts";
import { startServer } from "../browser/server.ts";
import { wrapMaterial } from "../kms/import/wrapped-material.ts";
import type { BrowserAnswer } from "./browser-page.ts";
import { specs } from "./platforms.ts";
import { long } from "./test-keys.ts";

const message = new TextEncoder().encode("from a browser");
const digest = crypto.createHash("sha256").update(message).digest();
let server: Server;
let browser: Browser;
let origin: string;

/** For a browser: an import of a Node module would fail the build. */
async function bundle(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(name, import.meta.url))],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

beforeAll(async () => {
  const scripts = new Map([
    ["/keys.js", await bundle("browser-page.ts")],
    ["/kms.js", await bundle("browser-kms-page.ts")],
  ]);
  ({ server, origin } = await startServer(scripts));
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

async function open(script: string, name: string): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(600_000);
  await page.goto(`${origin}/page?${new URLSearchParams({ policy: "'self' 'wasm-unsafe-eval'", script })}`);
  await page.waitForFunction(`"${name}" in globalThis`);
  return page;
}

async function inBrowser(spec: (typeof specs)[number]): Promise<BrowserAnswer> {
  const page = await open("/keys.js", "answer");
  const result = (await page.evaluate(`answer(${JSON.stringify(spec)})`)) as BrowserAnswer;
  await page.close();
  return result;
}

test.each(specs.filter((spec) => long || (spec !== "RSA_3072" && spec !== "RSA_4096")))(
  "%s in Chromium: Node takes its keys, signatures and ciphertexts",
  async (spec) => {
    const { privateKey, pem, results } = await inBrowser(spec);
    const key = await loadPrivateKey(Uint8Array.from(privateKey));
    const publicKey = await importPublicKey(crypto.createPublicKey(pem).export({ format: "der", type: "spki" }));
    expect(results).toHaveLength(spec.startsWith("RSA") ? 7 : 3);
    for (const { algorithm, kind, messageType, output, own, error } of results) {
      const label = `${algorithm} ${messageType ?? ""}`;
      const lacking = algorithm === "RSAES_PKCS1_V1_5" || (spec.startsWith("RSA") && messageType === "DIGEST");
      if (lacking) {
        expect(error, label).toBe("ERR_UNSUPPORTED");
      } else if (kind === "sign") {
        const signature = Uint8Array.from(output);
        const input = { algorithm: algorithm as SignatureAlgorithm, messageType: "DIGEST", data: digest } as const;
        expect([own, await publicKey.verify({ ...input, signature })], label).toEqual([true, true]);
      } else {
        const input = { algorithm: algorithm as AsymmetricEncryptionAlgorithm, data: Uint8Array.from(output) };
        expect(own, label).toBe(true);
        expect(await key.decrypt(input), label).toEqual(message);
      }
    }
  },
);

type Answer = Record<string, Uint8Array & string & { keyId: string }>;

test("a KMS in a page says what the browser cannot do, and does the rest", async () => {
  const page = await open("/kms.js", "call");
  const asJson = (_: string, value: unknown) => (value instanceof Uint8Array ? { bytes: [...value] } : value);
  const fromJson = (_: string, value: { bytes?: number[] }) => (value?.bytes ? Uint8Array.from(value.bytes) : value);
  const call = async (method: string, request: object): Promise<Answer> => {
    const text = JSON.stringify(JSON.stringify(request, asJson));
    return JSON.parse((await page.evaluate(`call("${method}", ${text})`)) as string, fromJson);
  };
  const create = async (fields: object) => (await call("createKey", fields)).keyMetadata?.keyId ?? "";
  const versionOf = async (keyId: string) => {
    const { keyVersions } = (await call("listKeyVersions", { keyId })) as unknown as {
      keyVersions: { keyVersionId: string }[];
    };
    return { keyId, keyVersionId: keyVersions[0]?.keyVersionId };
  };
  const unsupported = (what: string) => ({ code: "UnsupportedOperation", message: expect.stringContaining(what) });
  const plain = new Uint8Array(digest);

  const rsa = await versionOf(await create({ keySpec: "RSA_2048" }));
  expect(await call("asymmetricSign", { ...rsa, digest: plain })).toEqual(unsupported("messageType RAW"));
  const { value } = await call("asymmetricSign", { ...rsa, message });
  expect(await call("asymmetricVerify", { ...rsa, message, value })).toMatchObject({ value: true });
  expect(await call("asymmetricVerify", { ...rsa, digest: plain, value })).toEqual(unsupported("messageType RAW"));

  const koblitz = await versionOf(await create({ keySpec: "EC_P256K" }));
  const signed = await call("asymmetricSign", { ...koblitz, digest: plain });
  const { publicKey } = await call("getPublicKey", koblitz);
  expect(crypto.verify("sha256", message, publicKey ?? "", signed.value ?? digest)).toBe(true);

  const aes = await create({ origin: "EXTERNAL" });
  const wrapping = { keyId: aes, wrappingKeySpec: "RSA_2048" };
  const padded = await call("getParametersForImport", { ...wrapping, wrappingAlgorithm: "RSAES_PKCS1_V1_5" });
  expect(padded).toEqual(unsupported("RSAES_OAEP_SHA_256"));

  const hybrid = "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD";
  const ec = await create({ keySpec: "EC_P256", origin: "EXTERNAL" });
  const pkcs8 = crypto
    .generateKeyPairSync("ec", { namedCurve: "P-256" })
    .privateKey.export({ format: "der", type: "pkcs8" });
  const imports: [string, WrappingAlgorithm, Uint8Array][] = [
    [aes, "RSAES_OAEP_SHA_256", crypto.randomBytes(32)],
    [ec, hybrid, pkcs8],
  ];
  for (const [keyId, wrappingAlgorithm, material] of imports) {
    const request = { keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm };
    const token = await call("getParametersForImport", request);
    const encryptedKeyMaterial = wrapMaterial({ publicKey: token.publicKey ?? plain, wrappingAlgorithm }, material);
    const answer = await call("importKeyMaterial", { keyId, importToken: token.importToken, encryptedKeyMaterial });
    expect(answer).toEqual({});
  }
  const { ciphertextBlob } = await call("encrypt", { keyId: aes, plaintext: plain });
  expect((await call("decrypt", { ciphertextBlob })).plaintext).toEqual(plain);
  const imported = await call("asymmetricSign", { ...(await versionOf(ec)), message });
  const own = crypto.createPublicKey(crypto.createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }));
  expect(crypto.verify("sha256", message, own, imported.value ?? digest)).toBe(true);
  await page.close();
});
