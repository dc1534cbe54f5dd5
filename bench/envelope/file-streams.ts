import { type CipherGCMTypes, createCipheriv, createSecretKey, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { Duplex, Readable, type Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Envelope } from "lanelock/envelope";
import type { Contender } from "../case.ts";
import { AGE, ageStream } from "../rivals/age.ts";

/** Bytes read at a time, by every contender: the bare cipher is up to twice as fast with it as with Node's 64 KiB. */
const READ = 2 ** 20;

/** Where a file goes: another file, or nowhere. */
export interface Route {
  readonly from: string;
  readonly to: string;
}

type Stage = Duplex | Transform;

async function through({ from, to }: Route, stage: Stage): Promise<undefined> {
  await pipeline(createReadStream(from, { highWaterMark: READ }), stage, createWriteStream(to));
  return undefined;
}

/** The types of Node's streams and of the DOM's differ in a detail. */
function duplex(pair: TransformStream<Uint8Array, Uint8Array>): Duplex {
  return Duplex.fromWeb(pair as Parameters<typeof Duplex.fromWeb>[0]);
}

export function fileThrough(name: string, route: Route, makeStage: () => Stage | Promise<Stage>): Contender {
  return { name, run: async () => through(route, await makeStage()) };
}

export function fileThroughEnvelope(name: string, route: Route, files: Envelope): Contender {
  return fileThrough(name, route, () => duplex(files.sealStream()));
}

/** A cipher of node:crypto and nothing around it: one message, one key, one nonce. */
export function bareCipher(algorithm: string): () => Transform {
  const key = createSecretKey(randomBytes(algorithm.startsWith("aes-256") ? 32 : 16));
  const iv = randomBytes(algorithm.endsWith("gcm") ? 12 : 16);
  return () => createCipheriv(algorithm as CipherGCMTypes, key, iv);
}

export function fileThroughAge({ from, to }: Route): Contender {
  return {
    name: AGE,
    run: async () => {
      const source = Readable.toWeb(createReadStream(from, { highWaterMark: READ })) as ReadableStream<Uint8Array>;
      await (await ageStream(source)).pipeTo(Writable.toWeb(createWriteStream(to)));
      return undefined;
    },
  };
}

/** A stream that gives all of `bytes` as one chunk. */
export function oneChunk(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** Reads a stream to its end and keeps nothing of it. */
export async function drain(stream: ReadableStream<Uint8Array>): Promise<undefined> {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
  return undefined;
}
