import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { externalKeys } from "lanelock/external";
import { pkcs11, pkcs11Root } from "lanelock/pkcs11";
import { afterAll, expect, test } from "vitest";
import { startExternalProxy } from "../../src/external-proxy/index.ts";
import type { KeyProvider } from "../../src/kms/ports/index.ts";
import { softwareProvider } from "../../src/providers/software/index.ts";
import { createAuthority } from "../external/certificates.ts";
import { binding, host } from "../pkcs11/objects/key-objects.ts";
import { createFaultyToken } from "../tokens/faulty-token.ts";
import { createNssToken } from "../tokens/nss.ts";

// What a provider opens it closes: a service that opens a KMS for each job must not run out of descriptors, handles or memory.

const long = process.env.LANELOCK_LONG === "1";
setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

const counted = createFaultyToken("cycles");
const nss = createNssToken();
const authority = createAuthority("keys");
const server = authority.issue("server", "IP:127.0.0.1");
const secret = new Uint8Array(randomBytes(32));
const proxied = { token: counted.options, port: 0, tls: server, clients: { orders: secret } };
const clientOf = (url: string) =>
  externalKeys({ url, ca: authority.pem, credentials: { client: "orders", secret: new Uint8Array(secret) } });
const kept = await startExternalProxy(proxied);
const root = pkcs11Root({ ...counted.options, label: "cycled root" });
const { sealed } = await root.unlock({ storeId: host.storeId });
await root.close?.();
afterAll(async () => {
  await kept.close();
  counted.dispose();
});

async function openAndClose(provider: KeyProvider): Promise<void> {
  await provider.open(host);
  await provider.close();
}

const memory = {
  ...host,
  wrap: (_: unknown, bytes: Uint8Array) => bytes,
  unwrap: (_: unknown, bytes: Uint8Array) => bytes,
};
const cycles: Record<string, { count: number; once: () => Promise<void> }> = {
  "the software provider": {
    count: long ? 10_000 : 2000,
    once: async () => {
      const provider = softwareProvider();
      await provider.open(memory);
      const bound = binding("Aliyun_AES_256", { protectionLevel: "SOFTWARE" });
      const { handle } = await provider.createKey({ binding: bound });
      (await provider.loadCipherKey({ binding: bound, handle: new Uint8Array(handle) })).dispose();
      await provider.close();
    },
  },
  "pkcs11 on SoftHSM": { count: long ? 10_000 : 200, once: () => openAndClose(pkcs11(counted.options)) },
  "pkcs11 on NSS": { count: long ? 10_000 : 100, once: () => openAndClose(pkcs11(nss)) },
  "a root on SoftHSM": {
    count: long ? 10_000 : 200,
    once: async () => {
      const source = pkcs11Root({ ...counted.options, label: "cycled root" });
      await source.unlock({ storeId: host.storeId, sealed });
      await source.close?.();
    },
  },
  "external keys": { count: long ? 10_000 : 200, once: () => openAndClose(clientOf(kept.url)) },
  "the external proxy": {
    count: long ? 10_000 : 100,
    once: async () => {
      const proxy = await startExternalProxy(proxied);
      await openAndClose(clientOf(proxy.url));
      await proxy.close();
    },
  },
};

/** When what is closed has gone: Node ends sockets, and frees what was collected, in later turns. */
async function settled() {
  for (let i = 0; i < 5; i += 1) {
    collect();
    await sleep(20);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return {
    files: process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0,
    handles: process.getActiveResourcesInfo().filter((name) => name !== "Timeout").length,
    sessions: counted.get("openSessions"),
    heap: heapUsed + external,
    rss,
  };
}

test.each(Object.entries(cycles))(
  "%s is opened and closed many times and leaves nothing",
  async (name, { count, once }) => {
    // What is made once in a process, and the collector's own growth.
    for (let i = 0; i < 60; i += 1) await once();
    const before = await settled();
    const began = performance.now();
    for (let i = 0; i < count; i += 1) await once();
    const taken = performance.now() - began;
    const after = await settled();
    const grown = (field: "heap" | "rss") => Math.round((after[field] - before[field]) / count);
    console.log(
      `${name}: ${count} cycles, ${(taken / count).toFixed(2)} ms each, ${grown("heap")} bytes of heap and ${grown("rss")} of RSS a cycle`,
    );
    // A connection that was kept may have been closed meanwhile, so that there are fewer.
    expect(after.files).toBeLessThanOrEqual(before.files + 2);
    expect(after.handles).toBeLessThanOrEqual(before.handles + 2);
    expect(after.sessions).toBe(before.sessions);
    // 3 MB is what the heap moves by itself; a session or a buffer left in each cycle is more at full counts.
    expect(after.heap - before.heap).toBeLessThan(3_000_000 + 100 * count);
    expect(after.rss - before.rss).toBeLessThan(60_000_000 + 2000 * count);
  },
);
