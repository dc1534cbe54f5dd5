import { execFileSync } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Suite } from "../suite.ts";
import { sendAll } from "./generator.ts";
import { type ServerProcess, startPinned } from "./processes.ts";

const ROUNDS = 7;
const REQUESTS = 8_000;
/** Until nothing is compiled any more: that of a server takes some 60,000 requests. */
const WARM_UP_ROUNDS = 8;
const PLAINTEXT = Buffer.alloc(24, 7).toString("base64");

/** Two bare routes show what of the ratio of two to one is the machine's. */
const CONTENDERS = ["a bare route of fastify", "one process", "two processes", "two bare routes"];

interface Sample {
  /** Requests a second by the clock. */
  readonly rate: number;
  /** Requests a second of the servers' processor time, which what else runs on the machine disturbs less. */
  readonly ofProcessor: number;
  /** The generator's processor time, in nanoseconds a request. */
  readonly generator: number;
}

interface Signer {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function signedRequest(
  { accessKeyId, accessKeySecret }: Signer,
  action: string,
  own: Readonly<Record<string, string>>,
): string {
  const all: Record<string, string> = {
    ...{ Action: action, Version: "2016-01-20", Format: "JSON", AccessKeyId: accessKeyId, ...own },
    ...{ Timestamp: new Date().toISOString().replace(/\.\d{3}Z$/, "Z"), SignatureNonce: randomUUID() },
    ...{ SignatureMethod: "HMAC-SHA1", SignatureVersion: "1.0" },
  };
  const query = Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .join("&");
  const signature = createHmac("sha1", `${accessKeySecret}&`)
    .update(`POST&%2F&${escaped(query)}`)
    .digest("base64");
  return `/?${query}&Signature=${escaped(signature)}`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function medianOf(samples: readonly Sample[], of: keyof Sample): number {
  return median(samples.map((sample) => sample[of]));
}

/** Signed Encrypt of 32 characters over HTTP: `lanelock serve` as it starts, its log thrown away, against a bare route of fastify. */
export async function serviceCases(): Promise<Suite> {
  const home = mkdtempSync(join(tmpdir(), "lanelock-bench-"));
  const environment = { PATH: process.env.PATH ?? "", LANELOCK_HOME: home };
  const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [binary, ...args], { env: environment, encoding: "utf8" });
  run("init");
  const signer: Signer = JSON.parse(run("access-keys", "create", "--name", "bench", "--json"));
  const serve = (processor: number) => startPinned([binary, "serve", "--port", "0"], processor, environment);
  const [one, two] = [await serve(0), await serve(Math.min(1, availableParallelism() - 1))];

  const call = async (action: string, own: Readonly<Record<string, string>>) => {
    const path = signedRequest(signer, action, own);
    return (await fetch(`http://127.0.0.1:${one.port}${path}`, { method: "POST" })).json();
  };
  const { KeyMetadata } = (await call("CreateKey", {})) as { KeyMetadata: { KeyId: string } };
  const own = { KeyId: KeyMetadata.KeyId, Plaintext: PLAINTEXT };
  const { CiphertextBlob } = (await call("Encrypt", own)) as { CiphertextBlob: string };
  const bareProgram = fileURLToPath(new URL("./service/bare-server.mjs", import.meta.url));
  const startBare = (processor: number) => startPinned([bareProgram, `${CiphertextBlob.length}`], processor);
  const secondProcessor = Math.min(1, availableParallelism() - 1);
  const [bare, otherBare] = [await startBare(0), await startBare(secondProcessor)];

  const sample = async (servers: readonly ServerProcess[]): Promise<Sample> => {
    const requests = Array.from({ length: REQUESTS }, () =>
      Buffer.from(`POST ${signedRequest(signer, "Encrypt", own)} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`),
    );
    const spent = () => servers.reduce((sum, server) => sum + server.cpuNanoseconds(), 0);
    const [before, generator] = [spent(), process.cpuUsage()];
    const took = await sendAll(
      servers.map(({ port }) => port),
      requests,
    );
    const [server, { user, system }] = [spent() - before, process.cpuUsage(generator)];
    return {
      rate: (REQUESTS / took) * 1e9,
      ofProcessor: (REQUESTS / server) * 1e9 * servers.length,
      generator: ((user + system) * 1_000) / REQUESTS,
    };
  };

  let measured: Promise<readonly [bare: Sample[], one: Sample[], two: Sample[], twoBare: Sample[]]> | undefined;
  const samples = () => {
    measured ??= (async () => {
      const contenders = [[bare], [one], [one, two], [bare, otherBare]];
      const all: [Sample[], Sample[], Sample[], Sample[]] = [[], [], [], []];
      for (let i = 0; i < WARM_UP_ROUNDS; i++) for (const servers of contenders) await sample(servers);
      for (let round = 0; round < ROUNDS; round++) {
        const order = [...contenders.entries()];
        for (const [index, servers] of round % 2 === 0 ? order : order.reverse()) {
          all[index]?.push(await sample(servers));
        }
      }
      for (const [index, name] of CONTENDERS.entries()) {
        const of = (what: keyof Sample) => Math.round(medianOf(all[index] ?? [], what));
        const generator = (of("generator") / 1_000).toFixed(0);
        console.log(
          `signed Encrypt, ${name}: ${of("rate")} requests a second by the clock, ${of("ofProcessor")} if the servers had ` +
            `their processors to themselves; the generator takes ${generator} µs a request`,
        );
      }
      return all;
    })();
    return measured;
  };

  return {
    cases: [],
    limits: [
      {
        name: "signed Encrypt, processor time of one process over that of a bare route",
        unit: "×",
        atMost: 1 / 0.5,
        measure: async () => {
          const [bares, ones] = await samples();
          return median(bares.map((sample, round) => sample.ofProcessor / (ones[round]?.ofProcessor ?? Number.NaN)));
        },
      },
      {
        name: "signed Encrypt, requests a second of one process over those of two, by processor time",
        unit: "×",
        atMost: 1 / 1.7,
        measure: async () => {
          const [, ones, twos] = await samples();
          return median(ones.map((sample, round) => sample.ofProcessor / (twos[round]?.ofProcessor ?? Number.NaN)));
        },
      },
    ],
    close: async () => {
      await Promise.all([bare, otherBare, one, two].map((server) => server.stop()));
      rmSync(home, { recursive: true, force: true });
    },
  };
}
