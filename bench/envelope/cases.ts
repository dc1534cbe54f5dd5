import { randomBytes } from "node:crypto";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { aesGcm } from "lanelock";
import { type EnvelopeOptions, envelope } from "lanelock/envelope";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { FixedKms } from "../../test/envelope/fixed-kms.ts";
import type { Bar, Case } from "../case.ts";
import { AGE } from "../rivals/age.ts";
import { AWS, AWS_TUNED, awsStream, awsTunedStream } from "../rivals/aws-crypto.ts";
import { OWN } from "../sizes.ts";
import type { Suite } from "../suite.ts";
import { peakMemoryOfCli } from "./cli-memory.ts";
import {
  bareCipher,
  drain,
  fileThrough,
  fileThroughAge,
  fileThroughEnvelope,
  oneChunk,
  type Route,
} from "./file-streams.ts";

const MIB = 2 ** 20;
const FILE = 256 * MIB;
const CHUNK = 64 * MIB;
const NODE = "node:crypto aes-256-gcm";
const NODE_SM4 = "node:crypto sm4-ctr";
const ONE_WORKER = "1 worker";

const aesStream = bareCipher("aes-256-gcm");
const sm4Stream = bareCipher("sm4-ctr");
/** Random nonces: what comes out differs by design. */
const differs = { sameOutput: false } as const;

/** Envelopes that share a KMS, and are closed together. */
class Envelopes {
  readonly #open: { close(): Promise<void> }[] = [];
  readonly #kms: Kms;
  readonly #keyId: string;

  constructor(kms: Kms, keyId: string) {
    this.#kms = kms;
    this.#keyId = keyId;
  }

  aes(options: EnvelopeOptions) {
    return this.#kept(envelope(this.#kms, { keyId: this.#keyId, ...options }));
  }

  /** Under a data key that is given: SM4 CMKs are an HSM's, and one call to it is nothing to what a file takes. */
  sm4(options: EnvelopeOptions) {
    const kms = new FixedKms(new Uint8Array(32), new Uint8Array(96), "Aliyun_SM4");
    return this.#kept(envelope(kms, { keyId: "key-fixed", ...options }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((one) => one.close()));
  }

  #kept<Closable extends { close(): Promise<void> }>(one: Closable): Closable {
    this.#open.push(one);
    return one;
  }
}

function fileCase(envelopes: Envelopes, route: Route, where: string): Case {
  // The AWS SDK with other settings than its defaults is reported, but has no bar.
  const bars: readonly Bar[] = [
    { against: NODE, atLeast: 0.6 },
    { against: AWS, atLeast: 2 },
    { against: AGE, atLeast: 2 },
  ];
  return {
    ...differs,
    name: `Envelope AES, 256 MiB file to ${where}, 1 worker`,
    bytes: FILE,
    rounds: 9,
    bars,
    contenders: [
      fileThroughEnvelope(OWN, route, envelopes.aes({ workers: 1 })),
      fileThrough(NODE, route, aesStream),
      fileThrough(AWS, route, awsStream),
      fileThrough(AWS_TUNED, route, awsTunedStream),
      fileThroughAge(route),
    ],
  };
}

function oneChunkCase(envelopes: Envelopes): Case {
  let chunk: Uint8Array | undefined;
  const bytes = () => {
    chunk ??= new Uint8Array(CHUNK);
    return chunk;
  };
  const files = envelopes.aes({ workers: 1 });
  const inParts = function* () {
    for (let at = 0; at < CHUNK; at += MIB) yield bytes().subarray(at, at + MIB);
  };
  return {
    ...differs,
    name: "Envelope AES, web stream of one chunk of 64 MiB",
    bytes: CHUNK,
    bars: [
      { against: NODE, atLeast: 0.6 },
      { against: `${NODE}, in chunks of 1 MiB`, atLeast: 0.6 },
    ],
    contenders: [
      { name: OWN, run: () => drain(oneChunk(bytes()).pipeThrough(files.sealStream())) },
      { name: NODE, run: () => swallow(Readable.from([bytes()]).pipe(aesStream())) },
      { name: `${NODE}, in chunks of 1 MiB`, run: () => swallow(Readable.from(inParts()).pipe(aesStream())) },
    ],
  };
}

async function swallow(stream: Readable): Promise<undefined> {
  for await (const _ of stream);
  return undefined;
}

function workerCases(envelopes: Envelopes, route: Route): Case[] {
  const wasm = (workers: number) => envelopes.aes({ workers, backend: "wasm" });
  return [
    {
      ...differs,
      name: "Envelope AES by WebAssembly, 256 MiB file, 2 workers",
      bytes: FILE,
      rounds: 7,
      bars: [{ against: ONE_WORKER, atLeast: 1.7 }],
      contenders: [fileThroughEnvelope(OWN, route, wasm(2)), fileThroughEnvelope(ONE_WORKER, route, wasm(1))],
    },
    {
      ...differs,
      name: "Envelope SM4, 256 MiB file, 2 workers",
      bytes: FILE,
      rounds: 5,
      bars: [{ against: NODE_SM4, atLeast: 5 }],
      contenders: [
        fileThroughEnvelope(OWN, route, envelopes.sm4({ workers: 2 })),
        fileThroughEnvelope(ONE_WORKER, route, envelopes.sm4({ workers: 1 })),
        fileThrough(NODE_SM4, route, sm4Stream),
      ],
    },
  ];
}

/** Cached data keys, a salt and keys of its own for every message, against one GCM key that all messages share. */
function smallCase(envelopes: Envelopes): Case {
  const files = envelopes.aes({ cache: true });
  const bytes = new Uint8Array(randomBytes(1_024));
  const bare = aesGcm(new Uint8Array(randomBytes(32)));
  const nonce = new Uint8Array(12);
  return {
    ...differs,
    name: "Envelope of 1 KiB with cached data keys",
    bytes: bytes.length,
    bars: [{ against: "aesGcm(key).seal", atLeast: 1 / 1.5 }],
    contenders: [
      { name: OWN, run: () => files.seal(bytes) },
      { name: "aesGcm(key).seal", run: () => bare.seal(nonce, bytes) },
    ],
  };
}

/** Files and streams through envelopes, against bare ciphers and what else seals streams. */
export async function envelopeCases(): Promise<Suite> {
  const folder = mkdtempSync(join(tmpdir(), "lanelock-bench-"));
  const from = join(folder, "plain");
  for (let written = 0; written < FILE; written += MIB) appendFileSync(from, randomBytes(MIB));
  const kms = await Kms.open({ store: sqlStore({ path: join(folder, "keys.db") }), rootKey: randomBytes(32) });
  const { keyId } = (await kms.createKey({})).keyMetadata;
  const envelopes = new Envelopes(kms, keyId);
  const nowhere = { from, to: "/dev/null" };
  return {
    // The rivals' libraries and a chunk of 64 MiB come last: they stay in memory, and burden every garbage collection.
    cases: [
      ...workerCases(envelopes, nowhere),
      smallCase(envelopes),
      fileCase(envelopes, nowhere, "/dev/null"),
      fileCase(envelopes, { from, to: join(folder, "sealed") }, "a file"),
      oneChunkCase(envelopes),
    ],
    limits: (["seal", "open"] as const).map((command) => ({
      name: `Peak memory of lanelock ${command} on 1 GiB`,
      unit: "MiB",
      atMost: 200,
      measure: () => peakMemoryOfCli(command, folder),
    })),
    close: async () => {
      await envelopes.close();
      await kms.close();
      rmSync(folder, { recursive: true });
    },
  };
}
