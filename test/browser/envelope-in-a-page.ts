import { type EnvelopeOptions, envelope } from "lanelock/envelope";
import { readUntilFailure, streamOf } from "../envelope/collect.ts";
import { FixedKms } from "../envelope/fixed-kms.ts";

// What a page does with envelopes, asked of it from outside. Bytes come and go in base64.

export interface PageRequest {
  readonly keySpec: "Aliyun_AES_256" | "Aliyun_SM4";
  readonly options: EnvelopeOptions;
  readonly length: number;
  /** A message of Node's to open. */
  readonly message: string;
}

export interface PageAnswer {
  /** Threads that were started. */
  readonly workers: number;
  readonly sealed: string;
  readonly streamed: string;
  /** Whether the message of Node's opened to the plaintext, by each way there is. */
  readonly opened: readonly boolean[];
  /** The code of the error that a touched message gave, whole and as a stream. */
  readonly refused: readonly unknown[];
}

/** What became of messages whose threads crashed, and of those after them. */
export interface CrashAnswer {
  /** The code of the error that each way gave, whole to seal, to open, a range, a stream to seal, one to open. */
  readonly codes: readonly unknown[];
  /** Bytes that streams let out before, and whether they are the front of what should come. */
  readonly released: readonly { readonly length: number; readonly verified: boolean }[];
  /** Whether the next message after each was opened, by threads again. */
  readonly next: readonly boolean[];
  /** Threads that were started. */
  readonly workers: number;
}

const started: Worker[] = [];
/** Runs that still go to a thread before one crashes; `undefined` while none is to. */
let batchesUntilCrash: number | undefined;

/** The page's own workers, counted. A message that is not one crashes them: reading it throws an error that nothing catches. */
globalThis.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options);
    started.push(this);
  }

  override postMessage(message: unknown, transfer?: Transferable[] | StructuredSerializeOptions): void {
    const isBatch = typeof message === "object" && message !== null && "batch" in message;
    if (isBatch && batchesUntilCrash !== undefined && batchesUntilCrash-- === 0) super.postMessage(null);
    super.postMessage(message, Array.isArray(transfer) ? { transfer } : transfer);
  }
};

const encode = (bytes: Uint8Array) =>
  new Promise<string>((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^.*,/, ""));
    reader.readAsDataURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  });

const decode = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
/** The same bytes in a buffer that may promote, which WebCrypto does not take. */
function growable(bytes: Uint8Array): Uint8Array {
  const buffer: ArrayBuffer = Reflect.construct(ArrayBuffer, [bytes.length, { maxByteLength: 2 * bytes.length }]);
  const copy = new Uint8Array(buffer);
  copy.set(bytes);
  return copy;
}
const same = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, index) => byte === b[index]);
const collect = async (stream: ReadableStream) => new Uint8Array(await new Response(stream).arrayBuffer());
const codeIn = (error: unknown) => (error instanceof Error && "code" in error ? error.code : String(error));
const codeOf = (running: Promise<unknown>) =>
  running.then(
    () => "opened",
    (error) => codeIn(error),
  );

async function useEnvelope({ keySpec, options, length, message }: PageRequest): Promise<PageAnswer> {
  started.length = 0;
  const kms = new FixedKms(new Uint8Array(32).fill(3), new Uint8Array(96).fill(9), keySpec);
  const plaintext = Uint8Array.from({ length }, (_, i) => 7 * i + (i >> 8));
  await using files = envelope(kms, { keyId: "key-fixed", ...options });
  const sealed = await files.seal(plaintext);
  const streamed = await collect(streamOf([plaintext]).pipeThrough(files.sealStream()));
  const given = decode(message);
  const [from, count] = [length >> 1, length >> 2];
  const opened = [
    same(await files.open(given), plaintext),
    same(await collect(streamOf([given]).pipeThrough(files.openStream())), plaintext),
    same(await files.openRange(new Blob([given]), from, count), plaintext.subarray(from, from + count)),
    same(await files.open(growable(given)), plaintext),
    same(await files.openRange(growable(given), from, count), plaintext.subarray(from, from + count)),
    same(await files.open(await files.seal(growable(plaintext.subarray(0, 100)))), plaintext.subarray(0, 100)),
    same(await collect(streamOf([growable(given)]).pipeThrough(files.openStream())), plaintext),
  ];
  given[given.length >> 1] = (given[given.length >> 1] ?? 0) ^ 1;
  const refused = [
    await codeOf(files.open(given)),
    // Not through a Response, which would hide the error behind one of its own.
    await readUntilFailure(streamOf([given]).pipeThrough(files.openStream())).then(({ error }) => codeIn(error)),
  ];
  const workers = started.length;
  return { workers, sealed: await encode(sealed), streamed: await encode(streamed), opened, refused };
}

/** Work on a message of which a thread crashes, at the third run it is given. */
async function lose<T>(work: () => Promise<T>): Promise<T> {
  batchesUntilCrash = 2;
  try {
    return await work();
  } finally {
    batchesUntilCrash = undefined;
  }
}

async function crashThreads({ keySpec, options, length }: PageRequest): Promise<CrashAnswer> {
  started.length = 0;
  const kms = new FixedKms(new Uint8Array(32).fill(3), new Uint8Array(96).fill(9), keySpec);
  const plaintext = Uint8Array.from({ length }, (_, i) => 7 * i + (i >> 8));
  await using files = envelope(kms, { keyId: "key-fixed", ...options });
  const sealed = await files.seal(plaintext);
  const codes: unknown[] = [];
  const next: boolean[] = [];
  const released: CrashAnswer["released"][number][] = [];
  const whole = [
    () => files.seal(plaintext),
    () => files.open(sealed),
    () => files.openRange(new Blob([sealed]), 1, length - 1),
  ];
  for (const way of whole) {
    codes.push(await lose(() => codeOf(way())));
    next.push(same(await files.open(sealed), plaintext));
  }
  for (const [input, stream] of [
    [plaintext, () => files.sealStream()],
    [sealed, () => files.openStream()],
  ] as const) {
    const { bytes, error } = await lose(() => readUntilFailure(streamOf([input]).pipeThrough(stream())));
    codes.push(codeIn(error));
    const verified = input === plaintext || same(bytes, plaintext.subarray(0, bytes.length));
    released.push({ length: bytes.length, verified });
    next.push(same(await collect(streamOf([sealed]).pipeThrough(files.openStream())), plaintext));
  }
  return { codes, released, next, workers: started.length };
}

Object.assign(globalThis, { useEnvelope, crashThreads });
