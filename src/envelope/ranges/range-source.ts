import type { FileHandle } from "node:fs/promises";
import { checkBytes } from "../../engine/arguments.ts";
import { LanelockError } from "../../errors.ts";
import { notAuthentic } from "../format/not-authentic.ts";

/** Where {@link Envelope.openRange} reads a message: a file of Node that is open for reading, a `Blob` or `File`, or bytes. */
export type RangeSource = Pick<FileHandle, "read" | "stat"> | Blob | Uint8Array;

/** A message that can be read from anywhere. */
export interface Reader {
  size(): Promise<number>;
  /** Exactly these bytes. @throws LanelockError `ERR_AUTHENTICATION` if the source has become shorter */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** @throws LanelockError `ERR_ARGUMENT` for what cannot be read */
export function readerOf(source: RangeSource): Reader {
  if (source instanceof Uint8Array) return bytesReader(source);
  if (typeof Blob === "function" && source instanceof Blob) return blobReader(source);
  const handle = source as Partial<FileHandle> | null | undefined;
  if (typeof handle?.read === "function" && typeof handle.stat === "function") {
    return fileReader(source as Pick<FileHandle, "read" | "stat">);
  }
  throw new LanelockError("ERR_ARGUMENT", "source must be a FileHandle of node:fs/promises, a Blob or a Uint8Array");
}

function bytesReader(bytes: Uint8Array): Reader {
  return {
    size: async () => checkBytes(bytes, "source"),
    read: async (start, end) => wholePart(bytes.subarray(start, end), end - start),
  };
}

function blobReader(blob: Blob): Reader {
  return {
    size: async () => blob.size,
    read: async (start, end) => wholePart(new Uint8Array(await blob.slice(start, end).arrayBuffer()), end - start),
  };
}

function fileReader(handle: Pick<FileHandle, "read" | "stat">): Reader {
  return {
    size: async () => (await handle.stat()).size,
    read: async (start, end) => {
      const bytes = new Uint8Array(end - start);
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await handle.read(bytes, length, bytes.length - length, start + length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return wholePart(bytes.subarray(0, length), end - start);
    },
  };
}

function wholePart(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw notAuthentic();
  return bytes;
}
