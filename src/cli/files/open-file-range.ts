import type { FileHandle } from "node:fs/promises";
import { InvalidArgumentError } from "commander";
import { type Envelope, messageLayout } from "../../envelope/index.ts";
import { ProgressBar } from "../report/progress-bar.ts";
import { onFile } from "./file-error.ts";
import { interruptible } from "./interruption.ts";
import { openSink, type SinkOptions } from "./open-sink.ts";
import { openInput } from "./open-source.ts";
import { isTerminal } from "./terminal.ts";

/** Part of a plaintext, in bytes; to its end if there is no length. */
export interface RangeFlag {
  readonly offset: number;
  readonly length: number | undefined;
}

/** Bytes opened at a time, so that memory does not depend on the range. */
const PART = 2 ** 23;

/** `OFFSET:LENGTH` or `OFFSET:`. */
export function range(value: string): RangeFlag {
  const match = /^(\d{1,15}):(\d{1,15})?$/.exec(value);
  if (match === null) throw new InvalidArgumentError("It must be OFFSET:LENGTH or OFFSET:, in bytes.");
  const [, offset, length] = match;
  return { offset: Number(offset), length: length === undefined ? undefined : Number(length) };
}

interface RangePassage extends SinkOptions {
  readonly input: string;
  readonly output: string | undefined;
  readonly part: RangeFlag;
}

/** Opens part of a message in a file. @returns how many bytes */
export function openFileRange(files: Envelope, { input, output, part, force }: RangePassage): Promise<number> {
  const { offset, length: wanted } = part;
  return interruptible(async (signal) => {
    const source = await openInput(input);
    try {
      const length = wanted ?? Math.max(0, (await plaintextLength(source, input)) - offset);
      const bar = new ProgressBar("open", length, isTerminal(output));
      const sink = await openSink(output, { force });
      try {
        let done = 0;
        do {
          const bytes = await files.openRange(source, offset + done, Math.min(PART, length - done), { signal });
          await sink.write(bytes);
          bytes.fill(0);
          done += bytes.length;
          bar.show(done);
        } while (done < length);
      } catch (error) {
        await sink.discard();
        throw error;
      } finally {
        bar.end();
      }
      await sink.commit();
      return length;
    } finally {
      await source.close();
    }
  });
}

/** The length that the size of the file implies; opening verifies it. */
async function plaintextLength(source: FileHandle, input: string): Promise<number> {
  const { size } = await source.stat();
  return messageLayout(await readStart(source, input), size).plaintextLength;
}

/** The length of the longest header of a message. */
export async function readStart(source: FileHandle, name: string): Promise<Uint8Array> {
  const start = new Uint8Array(1_096);
  const attempt = { verb: "read", name } as const;
  const { bytesRead } = await onFile(attempt, () => source.read(start, 0, start.length, 0));
  return start.subarray(0, bytesRead);
}
