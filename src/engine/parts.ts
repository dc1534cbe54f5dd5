import type { Bytes } from "../shared/byte-input.ts";
import { engine } from "./load.ts";

/**
 * Calls `work` on each part of `data`, which is plain and which it finds copied to the engine's IO, and wipes IO afterwards. No part but the
 * last is shorter than IO, so every other length is a multiple of 16.
 */
export function eachPart(data: Bytes, work: (length: number, offset: number) => void): void {
  const { exports, bytes, io } = engine();
  const size = exports.ioSize();
  try {
    for (let offset = 0; offset < data.length; offset += size) {
      const length = Math.min(size, data.length - offset);
      bytes.set(data.length <= size ? data : data.subarray(offset, offset + length), io);
      work(length, offset);
    }
  } finally {
    bytes.fill(0, io, io + Math.min(size + 16, data.length + 16));
  }
}
