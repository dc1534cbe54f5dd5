import { setTimeout as sleep } from "node:timers/promises";
import { externalKeys } from "lanelock/external";
import { Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterAll, expect, test } from "vitest";
import { startExternalProxy } from "../../src/external-proxy/index.ts";
import { rootKey } from "../kms/open-kms.ts";
import { createFaultyToken } from "../tokens/faulty-token.ts";
import { createAuthority } from "./certificates.ts";

const faulty = createFaultyToken("shared");
const authority = createAuthority("keys");
const orders = authority.issue("orders");
afterAll(() => faulty.dispose());

test("callers share the creation of a mode's key, and one that gives up does not end it for the others", async () => {
  // Slow enough to be called in the thread pool, where it can hang without holding this process up.
  faulty.set("delayMs", 20);
  const proxy = await startExternalProxy({
    ...{ token: faulty.options, port: 0, clientCa: authority.pem },
    tls: authority.issue("server", "IP:127.0.0.1"),
  });
  const { certificate, privateKey } = orders;
  const external = externalKeys({ url: proxy.url, ca: authority.pem, credentials: { certificate, privateKey } });
  const kms = await Kms.open({ store: memoryStore(), rootKey, sweepSeconds: false, external });
  const { keyId } = (await kms.createKey({ protectionLevel: "EXTERNAL" })).keyMetadata;
  const encrypt = (signal?: AbortSignal) =>
    kms.encrypt({ keyId, plaintext: new Uint8Array(5), algorithm: "AES_CBC" }, signal ? { signal } : {});

  faulty.set("hang", 1);
  const before = faulty.get("calls");
  const [first, second] = [new AbortController(), new AbortController()];
  const gaveUp = [encrypt(first.signal), encrypt(second.signal)];
  const patient = encrypt();
  while (faulty.get("calls") === before) await sleep(5);
  // The first to come made the request, the second waits for what it brings: each may leave.
  second.abort(new Error("the second gave up"));
  await expect(gaveUp[1]).rejects.toThrow("the second gave up");
  first.abort(new Error("the first gave up"));
  await expect(gaveUp[0]).rejects.toThrow("the first gave up");
  faulty.set("hang", 0);
  const { ciphertextBlob } = await patient;
  expect((await kms.decrypt({ ciphertextBlob })).plaintext).toHaveLength(5);
  await kms.close();
  await proxy.close();
});
