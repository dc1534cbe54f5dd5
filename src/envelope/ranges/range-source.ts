import { LanelockError } from "../../errors.ts";
import { abortable } from "../../shared/abortable.ts";
import { callersBytes } from "../../shared/byte-input.ts";
import { notAuthentic } from "../format/not-authentic.ts";

/** The part of `FileHandle` of `node:fs/promises` that reads a range, spelt out so that a page's project needs no types of Node. */
export interface ReadableFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number }>;
}

/** Where {@link Envelope.openRange} reads a message: a file of Node that is open for reading, a `Blob` or `File`, or bytes. */
export type RangeSource = ReadableFile | Blob | Uint8Array;

/** A message that can be read from anywhere. */
export interface Reader {
  size(): Promise<number>;
  /** Exactly these bytes. @throws LanelockError `ERR_AUTHENTICATION` if the source has become shorter, `ERR_STORE` if it fails */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** @throws LanelockError `ERR_ARGUMENT` for what cannot be read */
export function readerOf(source: RangeSource, signal: AbortSignal | undefined): Reader {
  if (isView(source)) return bytesReader(source);
  if (typeof Blob === "function" && source instanceof Blob) return readable(blobReader(source), signal);
  const handle = source as Partial<ReadableFile> | null | undefined;
  if (typeof handle?.read === "function" && typeof handle.stat === "function") {
    return readable(fileReader(source as ReadableFile), signal);
  }
  throw new LanelockError("ERR_ARGUMENT", "source must be a FileHandle of node:fs/promises, a Blob or a Uint8Array");
}

/** Of any realm; {@link callersBytes} refuses the views that are no bytes. */
function isView(source: RangeSource): source is Uint8Array {
  return ArrayBuffer.isView(source);
}

/** Looks at its array anew every time: it may be transferred away between two reads. */
function bytesReader(bytes: Uint8Array): Reader {
  const present = () => callersBytes(bytes, "source");
  return {
    size: async () => present().length,
    read: async (start, end) => wholePart(present().subarray(start, end), end - start),
  };
}

function blobReader(blob: Blob): Reader {
  return {
    size: async () => blob.size,
    read: async (start, end) => wholePart(new Uint8Array(await blob.slice(start, end).arrayBuffer()), end - start),
  };
}

function fileReader(handle: ReadableFile): Reader {
  return {
    size: async () => (await handle.stat()).size,
    read: async (start, end) => {
      const bytes = new Uint8Array(end - start);
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await handle.read(bytes, length, bytes.length - length, start + length);
        // Nothing, or no number of bytes at all.
        if (!(bytesRead >= 1)) break;
        length += bytesRead;
      }
      return wholePart(bytes.subarray(0, length), end - start);
    },
  };
}

/** A source outside memory, whose failures are told as such, unless the reader gave up. */
function readable(reader: Reader, signal: AbortSignal | undefined): Reader {
  const failed = (cause: unknown): never => {
    signal?.throwIfAborted();
    throw cause instanceof LanelockError ? cause : unreadable(cause);
  };
  return {
    size: async () => checkSize(await abortable(reader.size(), signal).catch(failed)),
    read: (start, end) => abortable(reader.read(start, end), signal).catch(failed),
  };
}

function unreadable(cause: unknown): LanelockError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy = "open it anew, for reading, and leave it open and as it is until the range is there";
  return new LanelockError("ERR_STORE", `The source could not be read: ${remedy} (${reason})`, { cause });
}

function checkSize(size: number): number {
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw new LanelockError("ERR_ARGUMENT", "source says a size that is no whole number of bytes");
}

function wholePart(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw notAuthentic();
  return bytes;
}
