import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { ProgressBar } from "../report/progress-bar.ts";
import { isStandardInput } from "./data.ts";
import { interruptible } from "./interruption.ts";
import { openSink, type Sink } from "./sink.ts";

/** Bytes read at a time. */
const CHUNK = 2 ** 20;

export interface Passage {
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
  { label, input, output }: Passage,
  makeStream: (signal: AbortSignal) => TransformStream<Uint8Array, Uint8Array>,
): Promise<Passed> {
  return interruptible(async (signal) => {
    const { source, total } = await openSource(input);
    const bar = new ProgressBar(label, total);
    const passed = { read: 0, written: 0 };
    const onRead = (bytes: number) => {
      passed.read += bytes;
      bar.show(passed.read);
    };
    let sink: Sink | undefined;
    try {
      sink = await openSink(output);
      for await (const bytes of webStream(source, onRead).pipeThrough(makeStream(signal))) {
        await sink.write(bytes);
        passed.written += bytes.length;
      }
    } catch (error) {
      await sink?.discard();
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

interface Source {
  readonly source: Readable;
  /** Bytes, of a file. */
  readonly total: number | undefined;
}

/** Opens the input before there is any output: one that cannot be opened is told here, and not by an event nobody awaits yet. */
async function openSource(input: string | undefined): Promise<Source> {
  if (isStandardInput(input)) return { source: process.stdin, total: undefined };
  const handle = await open(input);
  try {
    const info = await handle.stat();
    const total = info.isFile() ? info.size : undefined;
    return { source: handle.createReadStream({ highWaterMark: CHUNK }), total };
  } catch (error) {
    await handle.close();
    throw error;
  }
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
