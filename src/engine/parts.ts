import type { Bytes } from "../shared/byte-input.ts";
import type { Engine } from "./load.ts";

/**
 * Copies each part of `data` (a plain array) into IO and calls `work`; wipes IO afterwards. Every part but the last fills IO, so its
 * length is a multiple of 16. For use within a call of the engine.
 */
export function eachPart(host: Engine, data: Bytes, work: (length: number, offset: number) => void): void {
  const { exports, bytes, io } = host;
  const size = exports.ioSize();
  for (let offset = 0; offset < data.length; offset += size) {
    const length = Math.min(size, data.length - offset);
    bytes.set(data.length <= size ? data : data.subarray(offset, offset + length), io);
    work(length, offset);
  }
  bytes.fill(0, io, io + Math.min(size + 16, data.length + 16));
}
