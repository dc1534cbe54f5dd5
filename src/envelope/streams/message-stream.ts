import { LanelockError } from "../../errors.ts";
import { abortReason } from "../../shared/abortable.ts";
import { type Bytes, callersBytes } from "../../shared/byte-input.ts";
import { transferredAway } from "../transferred-away.ts";
import { OrderedResults } from "./ordered-results.ts";

/** What a pair of streams does with the chunks that are written to it. */
export interface StreamWork {
  /** Takes all of a chunk, and keeps only copies of it. */
  write(chunk: Uint8Array, results: OrderedResults): Promise<void>;
  /** The stream has ended: puts the last results. */
  end(results: OrderedResults): Promise<void>;
  /** Wipes everything. Called once, however the stream ends. */
  dispose(): void;
}

/** @param signal aborted when either side gives up, or the caller's own signal is aborted */
export type MakeWork = (signal: AbortSignal) => StreamWork;

/**
 * A pair of streams like a `TransformStream`, but with back-pressure within a chunk too: a chunk of 64 MiB yields its results one by
 * one, as the reader takes them.
 *
 * @throws LanelockError `ERR_UNSUPPORTED` if the host has no web streams
 */
export function messageStream(makeWork: MakeWork, signal: AbortSignal | undefined): TransformStream<Uint8Array, Bytes> {
  return new MessageStream(makeWork, signal);
}

interface WebStreams {
  readonly ReadableStream: typeof ReadableStream;
  readonly WritableStream: typeof WritableStream;
}

/** The globals, or Node's module where a test environment hides them. */
function webStreams(): WebStreams {
  const { ReadableStream, WritableStream } = globalThis;
  if (typeof ReadableStream === "function" && typeof WritableStream === "function") {
    return { ReadableStream, WritableStream };
  }
  const node = globalThis.process?.getBuiltinModule?.("node:stream/web");
  if (node) return node as WebStreams;
  throw new LanelockError("ERR_UNSUPPORTED", "This host has no web streams: use seal(), open() or openRange()");
}

class MessageStream implements TransformStream<Uint8Array, Bytes> {
  readonly readable: ReadableStream<Bytes>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #results = new OrderedResults();
  readonly #abort = new AbortController();
  readonly #work: StreamWork;
  readonly #signal: AbortSignal | undefined;
  #reader: ReadableStreamDefaultController<Bytes> | undefined;
  #writer: WritableStreamDefaultController | undefined;
  #over = false;

  constructor(makeWork: MakeWork, signal: AbortSignal | undefined) {
    const { ReadableStream, WritableStream } = webStreams();
    this.#signal = signal;
    this.#work = makeWork(this.#abort.signal);
    this.readable = new ReadableStream<Bytes>(
      {
        start: (controller) => {
          this.#reader = controller;
        },
        pull: (controller) => this.#pull(controller),
        cancel: (reason) => this.#fail(reason),
      },
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream<Uint8Array>({
      start: (controller) => {
        this.#writer = controller;
      },
      write: (chunk) => this.#attempt(() => this.#write(callersBytes(chunk, "chunk"))),
      close: () => this.#attempt(() => this.#close()),
      abort: (reason) => this.#fail(reason),
    });
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  readonly #onAbort = (): void => this.#fail(this.#signal && abortReason(this.#signal));

  async #pull(controller: ReadableStreamDefaultController<Bytes>): Promise<void> {
    await this.#attempt(async () => {
      const bytes = await this.#results.take();
      if (bytes) controller.enqueue(bytes);
      else controller.close();
    });
  }

  async #write(chunk: Uint8Array): Promise<void> {
    const { length } = chunk;
    let failure: { readonly cause: unknown } | undefined;
    try {
      await this.#work.write(chunk, this.#results);
    } catch (cause) {
      failure = { cause };
    }
    // Checked even without an error: after its buffer is transferred, the rest of a chunk looks empty.
    if (chunk.length !== length) throw transferredAway(failure?.cause);
    if (failure) throw failure.cause;
  }

  async #close(): Promise<void> {
    await this.#work.end(this.#results);
    await this.#results.settled();
    this.#results.end();
    this.#finish();
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** Ends both sides with the same reason. Drops results that were not read yet. */
  #fail(reason: unknown): void {
    if (this.#over) return;
    this.#finish();
    this.#results.fail(reason);
    this.#abort.abort(reason);
    this.#reader?.error(reason);
    this.#writer?.error(reason);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#work.dispose();
  }
}
