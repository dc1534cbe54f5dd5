import { createReadStream, fstatSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fileError, onFile, systemError } from "./file-error.ts";
import { isStandard } from "./sink.ts";

/** Bytes read at a time. */
const CHUNK = 2 ** 20;

/** An input that is open. */
export interface Source {
  /** Its bytes on demand. @throws LanelockError `ERR_STORE` */
  readonly chunks: AsyncIterable<Buffer>;
  /** Bytes, of a regular file. */
  readonly size: number | undefined;
  /** Stops reading. Otherwise an input without end would keep the process alive. */
  stop(): void;
}

/**
 * Opens an input: a file, or standard input for `undefined` and `-`.
 *
 * @throws LanelockError `ERR_STORE` if it cannot be opened, or is a folder
 */
export async function openSource(file: string | undefined): Promise<Source> {
  if (isStandard(file)) return sourceOf(standardInput(), STANDARD_INPUT, undefined);
  const handle = await openInput(file);
  const info = await handle.stat();
  const stream = handle.createReadStream({ highWaterMark: CHUNK });
  return sourceOf(stream, file, info.isFile() ? info.size : undefined);
}

const STANDARD_INPUT = "standard input";

/** Node treats a standard input of unknown kind, such as a folder or a disk, as empty. */
function standardInput(): Readable {
  try {
    const info = fstatSync(0);
    if (info.isDirectory()) throw systemError("EISDIR");
    return info.isBlockDevice() ? createReadStream("", { fd: 0, highWaterMark: CHUNK }) : process.stdin;
  } catch (error) {
    throw fileError(error, { verb: "read", name: STANDARD_INPUT });
  }
}

/** Opens a file to seek in. */
export function openInput(file: string): Promise<FileHandle> {
  return onFile({ verb: "read", name: file }, async () => {
    const handle = await open(file);
    const info = await handle.stat().catch(() => undefined);
    if (info !== undefined && !info.isDirectory()) return handle;
    await handle.close();
    throw systemError("EISDIR");
  });
}

function sourceOf(stream: Readable, name: string, size: number | undefined): Source {
  return { chunks: chunksOf(stream, name), size, stop: () => stream.destroy() };
}

async function* chunksOf(stream: Readable, name: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    throw fileError(error, { verb: "read", name });
  }
}
