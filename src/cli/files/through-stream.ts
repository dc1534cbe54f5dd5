import { ProgressBar } from "../report/progress-bar.ts";
import { interruptible } from "./interruption.ts";
import { openSink, type SinkOptions } from "./open-sink.ts";
import { openSource, type Source } from "./open-source.ts";
import type { Sink } from "./sink.ts";
import { isTerminal } from "./terminal.ts";

export interface Passage extends SinkOptions {
  /** What the progress bar says is being done. */
  readonly label: string;
  /** A file; standard input for `undefined` and `-`. */
  readonly input: string | undefined;
  /** A file; standard output for `undefined` and `-`. */
  readonly output: string | undefined;
}

export interface Passed {
  /** Bytes that came in. */
  readonly read: number;
  /** Bytes that went out. */
  readonly written: number;
}

/** Sends the input through a pair of streams to the output, which is there only if all went well. */
export function throughStream(
  { label, input, output, force }: Passage,
  makeStream: (signal: AbortSignal) => TransformStream<Uint8Array, Uint8Array>,
): Promise<Passed> {
  return interruptible(async (signal) => {
    // Before there is any output: an input that cannot be opened leaves none.
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

/** A source's bytes, read as they are asked for. */
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
