import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { openSink } from "./atomic-file.ts";
import { interruptible } from "./interruption.ts";
import { ProgressBar } from "./progress-bar.ts";

/** Bytes read at a time. */
const CHUNK = 2 ** 20;

export interface Passage {
  /** What the progress bar says is being done. */
  readonly label: string;
  /** A file; standard input if there is none. */
  readonly input: string | undefined;
  /** A file; standard output if there is none. */
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
  { label, input, output }: Passage,
  makeStream: (signal: AbortSignal) => TransformStream<Uint8Array, Uint8Array>,
): Promise<Passed> {
  return interruptible(async (signal) => {
    const total = input === undefined ? undefined : await fileSize(input);
    const bar = new ProgressBar(label, total);
    const passed = { read: 0, written: 0 };
    const source = input === undefined ? process.stdin : createReadStream(input, { highWaterMark: CHUNK });
    const onRead = (bytes: number) => {
      passed.read += bytes;
      bar.show(passed.read);
    };
    const sink = await openSink(output);
    try {
      for await (const bytes of webStream(source, onRead).pipeThrough(makeStream(signal))) {
        await sink.write(bytes);
        passed.written += bytes.length;
      }
    } catch (error) {
      await sink.discard();
      throw error;
    } finally {
      bar.end();
      // An input that nobody will end would keep the process.
      source.destroy();
    }
    await sink.commit();
    return passed;
  });
}

async function fileSize(file: string): Promise<number | undefined> {
  const info = await stat(file);
  return info.isFile() ? info.size : undefined;
}

/** What a stream of Node gives, as it is asked for. */
function webStream(source: Readable, onRead: (bytes: number) => void): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Buffer> = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await chunks.next();
        if (done) return controller.close();
        onRead(value.length);
        controller.enqueue(value);
      },
      cancel: () => {
        source.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
