import { type Bytes, callersBytes } from "../../shared/byte-input.ts";
import { transferredAway } from "../transferred-away.ts";
import { OrderedResults } from "./ordered-results.ts";

/** What a stream does with its chunks. */
export interface StreamWork {
  /** Takes in all of a chunk, of which nothing is kept but copies. */
  write(chunk: Uint8Array, results: OrderedResults): Promise<void>;
  /** The stream has ended: gives its last results. */
  end(results: OrderedResults): Promise<void>;
  /** Wipes everything. Called once, at the end of whatever kind. */
  dispose(): void;
}

/** @param signal aborted when either side gives up, or the caller's own signal is */
export type MakeWork = (signal: AbortSignal) => StreamWork;

/**
 * A pair of streams as a `TransformStream` is, with back-pressure inside a chunk too: a chunk of 64 MiB gives its results one
 * by one, as the reader takes them. Node's `pipeline` and `Duplex.fromWeb` take it as well.
 */
export function messageStream(makeWork: MakeWork, signal: AbortSignal | undefined): TransformStream<Uint8Array, Bytes> {
  return new MessageStream(makeWork, signal);
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

  readonly #onAbort = (): void => this.#fail(this.#signal?.reason);

  async #pull(controller: ReadableStreamDefaultController<Bytes>): Promise<void> {
    await this.#attempt(async () => {
      const bytes = await this.#results.take();
      if (bytes) controller.enqueue(bytes);
      else controller.close();
    });
  }

  async #write(chunk: Uint8Array): Promise<void> {
    const { length } = chunk;
    try {
      await this.#work.write(chunk, this.#results);
    } catch (error) {
      throw chunk.length === length ? error : transferredAway(error);
    }
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

  /** Ends both sides with one reason. What was not read yet is dropped. */
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
