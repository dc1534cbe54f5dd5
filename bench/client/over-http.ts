import { execFileSync } from "node:child_process";
import { createHash, createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Credentials, kmsClient } from "lanelock/client";
import { type Envelope, envelope } from "lanelock/envelope";
import { Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { startPinned } from "../service/processes.ts";
import type { Suite } from "../suite.ts";

const CALLS = 4_000;
const WARM_UP = 500;
const ENVELOPES = 10_000;
const ROUNDS = 5;

const plaintext = new Uint8Array(24).fill(7);
const value = new Uint8Array(1_024).fill(9);

interface Prepared {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The request that the client makes of `encrypt`, signed by node:crypto. */
function prepared(url: string, { accessKeyId, accessKeySecret }: Credentials, keyId: string): Prepared {
  const query = `KeyId=${encodeURIComponent(keyId)}&Plaintext=${encodeURIComponent(Buffer.from(plaintext).toString("base64"))}`;
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const headers: Record<string, string> = {
    host: new URL(url).host,
    "x-acs-action": "Encrypt",
    "x-acs-content-sha256": sha256(""),
    "x-acs-date": new Date().toISOString().replace(/\.\d{3}Z$/, "Z"),
    "x-acs-signature-nonce": randomUUID(),
    "x-acs-version": "2016-01-20",
  };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, text]) => `${name}:${text}\n`);
  const canonical = `POST\n/\n${query}\n${lines.join("")}\n${names}\n${sha256("")}`;
  const signature = createHmac("sha256", accessKeySecret)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
    .digest("hex");
  const { host: _host, ...sent } = headers;
  const authorization = `ACS3-HMAC-SHA256 Credential=${accessKeyId},SignedHeaders=${names},Signature=${signature}`;
  return { url: `${url}/?${query}`, headers: { ...sent, authorization } };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** What a busy machine disturbs less. */
function tenth(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)] ?? Number.NaN;
}

async function microseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) * 1_000;
}

async function sealAll(files: Envelope): Promise<void> {
  for (let i = 0; i < ENVELOPES; i++) await files.seal(value);
}

/** What the client adds to `fetch`, and envelopes over it, against `lanelock serve` in a process of its own. */
export async function clientCases(): Promise<Suite> {
  const home = mkdtempSync(join(tmpdir(), "lanelock-bench-"));
  const environment = { PATH: process.env.PATH ?? "", LANELOCK_HOME: home };
  const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [binary, ...args], { env: environment, encoding: "utf8" });
  run("init");
  const credentials: Credentials = JSON.parse(run("access-keys", "create", "--name", "bench", "--json"));
  const server = await startPinned([binary, "serve", "--port", "0", "--log-level", "silent"], 0, environment);
  const url = `http://127.0.0.1:${server.port}`;
  const client = kmsClient({ endpoint: url, credentials });
  const { keyId } = (await client.createKey({})).keyMetadata;
  const kms = await Kms.open({ store: memoryStore(), rootKey: new Uint8Array(32).fill(1), sweepSeconds: false });
  const own = (await kms.createKey({})).keyMetadata.keyId;

  return {
    cases: [],
    limits: [
      {
        name: "encrypt by the client, over a bare fetch of the same request",
        unit: "µs",
        atMost: 60,
        measure: async () => {
          const bare: number[] = [];
          const ours: number[] = [];
          for (let i = 0; i < CALLS + WARM_UP; i++) {
            const { url: target, headers } = prepared(url, credentials, keyId);
            const byFetch = () =>
              microseconds(async () => {
                const response = await fetch(target, { method: "POST", headers });
                if (!response.ok) throw new Error(`The server refused: ${await response.text()}`);
                return response.json();
              });
            const byClient = () => microseconds(() => client.encrypt({ keyId, plaintext }));
            // In turns first: what one leaves to the garbage collector the other may pay for.
            const pair =
              i % 2 === 0 ? [await byFetch(), await byClient()] : [await byClient(), await byFetch()].reverse();
            if (i < WARM_UP) continue;
            bare.push(pair[0] ?? Number.NaN);
            ours.push(pair[1] ?? Number.NaN);
          }
          const shown = (of: (values: readonly number[]) => number) =>
            `${of(ours).toFixed(0)} µs by the client, ${of(bare).toFixed(0)} µs by fetch`;
          console.log(`encrypt: ${shown(median)} (medians); ${shown(tenth)} (10th percentiles)`);
          return median(ours) - median(bare);
        },
      },
      {
        name: "10,000 envelopes of 1 KiB under cached data keys, over the client and in process",
        unit: "×",
        atMost: 1.2,
        measure: async () => {
          const ratios: number[] = [];
          for (let round = 0; round <= ROUNDS; round++) {
            await using there = envelope(client, { keyId, cache: true });
            await using here = envelope(kms, { keyId: own, cache: true });
            const [a, b] = [await microseconds(() => sealAll(here)), await microseconds(() => sealAll(there))];
            if (round > 0) ratios.push(b / a);
          }
          return median(ratios);
        },
      },
    ],
    close: async () => {
      await server.stop();
      await kms.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
