import { type FileHandle, open } from "node:fs/promises";
import { InvalidArgumentError } from "commander";
import { type Envelope, messageLayout } from "../../envelope/index.ts";
import { ProgressBar } from "../report/progress-bar.ts";
import { interruptible } from "./interruption.ts";
import { openSink } from "./sink.ts";

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

/** Opens part of a message in a file. @returns how many bytes */
export function openFileRange(
  files: Envelope,
  input: string,
  output: string | undefined,
  { offset, length: wanted }: RangeFlag,
): Promise<number> {
  return interruptible(async (signal) => {
    const source = await open(input);
    try {
      const length = wanted ?? Math.max(0, (await plaintextLength(source)) - offset);
      const bar = new ProgressBar("open", length);
      const sink = await openSink(output);
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

/** What the size of the file says, which opening verifies. */
async function plaintextLength(source: FileHandle): Promise<number> {
  const { size } = await source.stat();
  return messageLayout(await readStart(source), size).plaintextLength;
}

/** As much of the front of a message as its header can take. */
export async function readStart(source: FileHandle): Promise<Uint8Array> {
  const start = new Uint8Array(1_096);
  const { bytesRead } = await source.read(start, 0, start.length, 0);
  return start.subarray(0, bytesRead);
}
