import type { Place } from "./place.ts";

/** A browser moves large blobs out of memory; many small parts it might keep. */
const PART = 2 ** 23;

/** A file of blobs, where the browser has no private files: it decides what of it stays in memory. */
export function memoryFile(fileName: string): Place {
  let parts: Blob[] = [];
  let chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const gather = () => {
    parts.push(new Blob(chunks));
    chunks = [];
    length = 0;
  };
  return {
    saved: false,
    write: (bytes) => {
      chunks.push(bytes);
      length += bytes.length;
      if (length >= PART) gather();
    },
    close: async () => {
      gather();
      return new File(parts, fileName);
    },
    remove: async () => {
      parts = [];
      chunks = [];
    },
  };
}
