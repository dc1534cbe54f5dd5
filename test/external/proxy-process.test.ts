import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { externalKeys } from "lanelock/external";
import { Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterAll, expect, test } from "vitest";
import { rootKey } from "../kms/open-kms.ts";
import { createNssToken } from "../tokens/nss.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { createSoftHsmToken } from "../tokens/softhsm.ts";
import { createAuthority } from "./certificates.ts";

const lanelock = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const token = createSoftHsmToken("proxied");
const authority = createAuthority("keys");
const server = authority.issue("server", "IP:127.0.0.1");
const folder = scratchFolder("proxy");
const [pinFile, secretFile] = [join(folder, "pin"), join(folder, "secret")];
const secret = new Uint8Array(randomBytes(32));
writeFileSync(pinFile, token.pin, { mode: 0o600 });
writeFileSync(secretFile, Buffer.from(secret).toString("base64"), { mode: 0o600 });
const tokenFlags = ["--module", token.module, "--token-label", token.token.label, "--pin-file", pinFile];

let proxy: ChildProcess | undefined;
afterAll(() => proxy?.kill("SIGKILL"));

/** Starts the real command, and gives the URL it says it listens at. */
async function startProxy(port: number, more: readonly string[] = []): Promise<string> {
  const flags = [
    "--port",
    String(port),
    "--certificate",
    server.files.certificate,
    "--private-key",
    server.files.privateKey,
  ];
  const client = ["--client", `orders=${secretFile}`];
  proxy = spawn(process.execPath, [lanelock, "external-proxy", ...tokenFlags, ...flags, ...client, ...more], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { stdout } = proxy;
  return new Promise((resolve, reject) => {
    let said = "";
    stdout?.on("data", (chunk: Buffer) => {
      said += chunk;
      const listening = /"listening":"([^"]+)"/.exec(said)?.[1];
      if (listening) resolve(listening);
    });
    proxy?.on("exit", () => reject(new Error(`the proxy ended: ${said}`)));
  });
}

/** A connection of somebody who has not said who he is. */
async function strangerAt(url: string): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port), ca: authority.pem });
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  return socket;
}

async function stopProxy(signal: NodeJS.Signals): Promise<number | null> {
  const ended = proxy && once(proxy, "exit");
  proxy?.kill(signal);
  const [status] = (await ended) ?? [null];
  return status;
}

test("a proxy process over TLS in front of SoftHSM, killed and started again", async () => {
  const url = await startProxy(0);
  const credentials = { client: "orders", secret: { file: secretFile } };
  await using kms = await Kms.open({
    ...{ store: memoryStore(), rootKey, sweepSeconds: false as const },
    external: externalKeys({ url, ca: authority.pem, credentials, verifyEncrypt: true, timeoutMs: 5000 }),
  });
  const { keyId } = (await kms.createKey({ protectionLevel: "EXTERNAL" })).keyMetadata;
  const plaintext = new Uint8Array(randomBytes(32));
  const blobs = await Promise.all(
    (["AES_GCM", "AES_CBC", "AES_ECB"] as const).map(
      async (algorithm) => (await kms.encrypt({ keyId, plaintext, algorithm })).ciphertextBlob,
    ),
  );
  await stopProxy("SIGKILL");
  for (const ciphertextBlob of blobs) {
    await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  }
  await startProxy(Number(new URL(url).port));
  for (const ciphertextBlob of blobs) {
    let opened: Uint8Array | undefined;
    while (!opened) {
      opened = await kms.decrypt({ ciphertextBlob }).then(
        (answer) => answer.plaintext,
        () => sleep(50, undefined),
      );
    }
    expect(Buffer.from(opened)).toEqual(Buffer.from(plaintext));
  }
  expect(await stopProxy("SIGTERM")).toBe(0);
});

test("lanelock hsm probe prints what the token offers", () => {
  const run = (...flags: string[]) =>
    execFileSync(process.execPath, [lanelock, ...flags, "hsm", "probe", ...tokenFlags], { encoding: "utf8" });
  const text = run();
  expect(text).toMatch(/^SoftHSM v2 "proxied" \(serial [0-9a-f]{16}\)$/m);
  expect(text).toMatch(/^Aliyun_AES_256 +AES_GCM +token +-$/m);
  expect(text).toMatch(/^Aliyun_SM4 +SM4_GCM +token-wrapped +-$/m);
  expect(JSON.parse(run("--json")).capabilities).toHaveLength(26);
});

test("lanelock hsm probe says what NSS lacks, and ends with an error where there is no such token", () => {
  const nss = createNssToken();
  const nssPin = join(folder, "nss-pin");
  writeFileSync(nssPin, nss.pin, { mode: 0o600 });
  const flags = ["--module", nss.module, "--library-parameters", nss.libraryParameters, "--pin-file", nssPin];
  const run = (label: string) =>
    spawnSync(process.execPath, [lanelock, "hsm", "probe", ...flags, "--token-label", label], { encoding: "utf8" });
  const { stdout, status } = run(nss.token.label);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^NSS 3 "NSS Certificate DB" \(serial \w+\)$/m);
  expect(stdout).toMatch(/^RSA_4096 +RSAES_OAEP_SHA_256 +token +-$/m);
  expect(stdout).toMatch(/^EC_P256K +ECDSA_SHA_256 +no +lacks CKM_EC_KEY_PAIR_GEN with secp256k1$/m);
  const absent = run("absent");
  expect(absent.status).not.toBe(0);
  expect(absent.stderr).toMatch(/No token has the label "absent"/);
});

test.each([["--max-connections"], ["--max-connections-per-address"]])(
  "%s 2: the third stranger takes the place of the first",
  async (flag) => {
    const url = await startProxy(0, [flag, "2"]);
    const [first, second] = [await strangerAt(url), await strangerAt(url)];
    const left = once(first, "close");
    const third = await strangerAt(url);
    await left;
    expect([first.closed, second.closed, third.closed]).toEqual([true, false, false]);
    for (const socket of [second, third]) socket.destroy();
    expect(await stopProxy("SIGTERM")).toBe(0);
  },
);
