import { ProgressBar } from "../report/progress-bar.ts";
import { interruptible } from "./interruption.ts";
import { openSink, type SinkOptions } from "./open-sink.ts";
import { openSource, type Source } from "./open-source.ts";
import type { Sink } from "./sink.ts";
import { isTerminal } from "./terminal.ts";

export interface Passage extends SinkOptions {
  /** The label of the progress bar. */
  readonly label: string;
  /** A file; standard input for `undefined` and `-`. */
  readonly input: string | undefined;
  /** A file; standard output for `undefined` and `-`. */
  readonly output: string | undefined;
}

export interface Passed {
  /** Bytes read. */
  readonly read: number;
  /** Bytes written. */
  readonly written: number;
}

/** Sends the input through a pair of streams to the output, which is published only on success. */
export function throughStream(
  { label, input, output, force }: Passage,
  makeStream: (signal: AbortSignal) => TransformStream<Uint8Array, Uint8Array>,
): Promise<Passed> {
  return interruptible(async (signal) => {
    // Opened first: if the input cannot be opened, no output is made.
    const source = await openSource(input);
    const bar = new ProgressBar(label, source.size, isTerminal(output));
    const passed = { read: 0, written: 0 };
    const onRead = (bytes: number) => {
      passed.read += bytes;
      bar.show(passed.read);
    };
    let sink: Sink | undefined;
    try {
      sink = await openSink(output, { force });
      for await (const bytes of webStream(source, onRead).pipeThrough(makeStream(signal))) {
        await sink.write(bytes);
        passed.written += bytes.length;
      }
    } catch (error) {
      await sink?.discard();
      throw error;
    } finally {
      bar.end();
      source.stop();
    }
    await sink.commit();
    return passed;
  });
}

/** A source's bytes, read on demand. */
function webStream(source: Source, onRead: (bytes: number) => void): ReadableStream<Uint8Array> {
  const chunks = source.chunks[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await chunks.next();
        if (done) return controller.close();
        onRead(value.length);
        controller.enqueue(value);
      },
      cancel: () => source.stop(),
    },
    { highWaterMark: 0 },
  );
}
