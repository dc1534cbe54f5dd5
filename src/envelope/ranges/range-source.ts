import { LanelockError } from "../../errors.ts";
import { abortable, throwIfAborted } from "../../shared/abortable.ts";
import { callersBytes } from "../../shared/byte-input.ts";
import { messageOf } from "../../shared/thrown.ts";
import { notAuthentic } from "../format/not-authentic.ts";

/** The part of `FileHandle` from `node:fs/promises` that reads a range. Declared here so that browser projects need no Node types. */
export interface ReadableFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number }>;
}

/** Where {@link Envelope.openRange} reads a message: a `FileHandle` of Node open for reading, a `Blob` or `File`, or bytes. */
export type RangeSource = ReadableFile | Blob | Uint8Array;

/** A message that can be read at any offset. */
export interface Reader {
  size(): Promise<number>;
  /** Exactly these bytes. @throws LanelockError `ERR_AUTHENTICATION` if the source has become shorter, `ERR_STORE` if it fails */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** @throws LanelockError `ERR_ARGUMENT` for anything that cannot be read */
export function readerOf(source: RangeSource, signal: AbortSignal | undefined): Reader {
  if (isView(source)) return bytesReader(source);
  if (isBlob(source)) return readable(blobReader(source), signal);
  if (isFile(source)) return readable(fileReader(source), signal);
  throw new LanelockError("ERR_ARGUMENT", "source must be a FileHandle of node:fs/promises, a Blob or a Uint8Array");
}

/** A view of any realm; {@link callersBytes} refuses all but Uint8Arrays. */
function isView(source: RangeSource): source is Uint8Array {
  return ArrayBuffer.isView(source);
}

/**
 * Checks methods, not the class: an iframe's Blobs, and Node's under jsdom or happy-dom, are not instances of the global `Blob`.
 * Blobs of older jsdoms have no `arrayBuffer`; a FileReader of the same jsdom reads those.
 */
function isBlob(source: unknown): source is Blob {
  if (typeof source !== "object" || source === null) return false;
  const { size, slice, arrayBuffer } = source as Partial<Blob>;
  const canBeRead = typeof arrayBuffer === "function" || typeof FileReader === "function";
  return typeof size === "number" && typeof slice === "function" && canBeRead;
}

function isFile(source: unknown): source is ReadableFile {
  if (typeof source !== "object" || source === null) return false;
  const { read, stat } = source as Partial<ReadableFile>;
  return typeof read === "function" && typeof stat === "function";
}

/** Checks the array at every read: its buffer may be transferred between two reads. */
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
    read: async (start, end) => wholePart(new Uint8Array(await contentOf(blob.slice(start, end))), end - start),
  };
}

function contentOf(blob: Blob): Promise<ArrayBuffer> {
  if (typeof blob.arrayBuffer === "function") return blob.arrayBuffer();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as ArrayBuffer);
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(blob);
  });
}

function fileReader(file: ReadableFile): Reader {
  return {
    size: async () => (await file.stat()).size,
    read: async (start, end) => {
      const bytes = new Uint8Array(end - start);
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, start + length);
        // The end of the file, or an answer that is not a number of bytes.
        if (!(bytesRead >= 1)) break;
        length += bytesRead;
      }
      return wholePart(bytes.subarray(0, length), end - start);
    },
  };
}

/** A source outside memory. Its failures become `ERR_STORE`, unless the caller aborted first. */
function readable(reader: Reader, signal: AbortSignal | undefined): Reader {
  const failed = (cause: unknown): never => {
    throwIfAborted(signal);
    // instanceof: this reader's own errors, not one that the source threw.
    throw cause instanceof LanelockError ? cause : unreadable(cause);
  };
  return {
    size: async () => checkSize(await abortable(reader.size(), signal).catch(failed)),
    read: (start, end) => abortable(reader.read(start, end), signal).catch(failed),
  };
}

function unreadable(cause: unknown): LanelockError {
  const remedy = "open it again, for reading, and neither close nor change it before the range is there";
  return new LanelockError("ERR_STORE", `The source could not be read (${messageOf(cause)}): ${remedy}`, { cause });
}

function checkSize(size: number): number {
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw new LanelockError("ERR_ARGUMENT", "source has a size that is not a whole number of bytes");
}

function wholePart(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw notAuthentic();
  return bytes;
}
