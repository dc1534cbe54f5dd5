import crypto from "node:crypto";
import { describe, expect, test } from "vitest";
import { nodePlatform } from "../../src/asymmetric/node-platform.ts";
import { importPrivateKey, loadPrivateKey } from "../../src/asymmetric/private-key.ts";
import { testPair } from "./test-keys.ts";

/** node:crypto, with every array of a secret that it is handed kept for the test to look at. */
function watched(fails?: string) {
  const seen: Uint8Array[] = [];
  const keep = (bytes: unknown) => {
    if (ArrayBuffer.isView(bytes)) seen.push(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  };
  const watch = <T extends object>(real: T): T =>
    new Proxy(real, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== "function") return value;
        return (...parameters: unknown[]) => {
          if (property === fails) throw new Error("not now");
          if (property === "setPrivateKey") keep(parameters[0]);
          const [options] = parameters;
          const isObject = typeof options === "object" && options !== null;
          if (property === "createPrivateKey" && isObject && "key" in options) keep(options.key);
          const result: unknown = value.apply(target, parameters);
          return property === "createECDH" && typeof result === "object" && result !== null ? watch(result) : result;
        };
      },
    });
  return { seen, platform: nodePlatform(watch(crypto)) };
}
const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

describe.each(["EC_P256", "EC_P256K"] as const)("the scalar of a private key on %s", (spec) => {
  test("is wiped when the key is disposed of, and not before", async () => {
    const { seen, platform } = watched();
    const pair = await testPair(spec);
    const key = await loadPrivateKey(pair.privateKey, platform);
    const scalars = seen.filter((bytes) => bytes.length === 32);
    expect(scalars.length).toBeGreaterThan(0);
    // OpenSSL has its own copy, so what was handed over may be gone; what signs digests is still there.
    const kept = scalars.filter((scalar) => !isZero(scalar));
    expect(kept.length).toBeGreaterThan(0);
    const input = { algorithm: "ECDSA_SHA_256", messageType: "DIGEST", data: crypto.randomBytes(32) } as const;
    expect((await key.sign(input)).length).toBeGreaterThan(60);
    key.dispose();
    expect(seen.every(isZero)).toBe(true);
    await expect((async () => key.sign(input))()).rejects.toMatchObject({ code: "ERR_STATE" });
  });

  test("is wiped only after the calls in progress have ended", async () => {
    const { seen, platform } = watched();
    const pair = await testPair(spec);
    const key = await loadPrivateKey(pair.privateKey, platform);
    const input = { algorithm: "ECDSA_SHA_256", messageType: "DIGEST", data: crypto.randomBytes(32) } as const;
    const running = (async () => key.sign(input))();
    key.dispose();
    expect((await running).length).toBeGreaterThan(60);
    expect(seen.every(isZero)).toBe(true);
  });
});

test.each(["RSA_2048", "EC_P256"] as const)(
  "the encodings that %s passes to OpenSSL are wiped once it has them",
  async (spec) => {
    const { seen, platform } = watched();
    const pair = await testPair(spec);
    const key = await loadPrivateKey(pair.privateKey, platform);
    const encodings = seen.filter((bytes) => bytes.length > 32);
    expect(encodings.length).toBeGreaterThan(0);
    expect(encodings.every(isZero)).toBe(true);
    key.dispose();
    seen.length = 0;
    const imported = await importPrivateKey(pair.privateKey, platform);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every(isZero)).toBe(true);
    expect(Buffer.from(imported.privateKey)).toEqual(Buffer.from(pair.privateKey));
  },
);

test("a key whose trial fails on import is wiped too", async () => {
  const pair = await testPair("EC_P256");
  for (const call of ["sign", "createPublicKey", "verify", "createPrivateKey"]) {
    const { seen, platform } = watched(call);
    await expect(importPrivateKey(pair.privateKey, platform), call).rejects.toMatchObject({ code: "ERR_PROVIDER" });
    expect(seen.length, call).toBeGreaterThan(0);
    expect(seen.every(isZero), call).toBe(true);
  }
});
