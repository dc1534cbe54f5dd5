import { type Envelope, inspectHeader, messageLayout } from "lanelock/envelope";
import { Comparison } from "./compare.ts";
import type { Layout } from "./messages.ts";
import type { Meter } from "./meter.ts";
import type { Place } from "./place.ts";
import { forEachChunk, slices } from "./slices.ts";

/** Enough of a sealed file to read any header. */
const LONGEST_HEADER = 1_096;

interface Run {
  readonly files: Envelope;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

/** Seals a file into its place. If that fails or is cancelled, nothing is left there. */
export async function seal(file: File, place: Place, { files, meter, signal }: Run): Promise<File> {
  try {
    const message = slices(file).pipeThrough(files.sealStream({ length: file.size, signal }));
    await forEachChunk(message, async (bytes) => {
      await place.write(bytes);
      meter.add(bytes.length);
    });
    return await place.close();
  } catch (error) {
    await place.remove();
    throw error;
  }
}

/**
 * Opens a sealed file and compares it with the original, byte by byte, both as streams.
 *
 * @returns where the first difference is; `undefined` if there is none
 */
export async function openAndCompare(sealed: Blob, original: Blob, run: Run): Promise<number | undefined> {
  const comparison = new Comparison(slices(original));
  const opened = slices(sealed).pipeThrough(run.files.openStream({ signal: run.signal }));
  try {
    await forEachChunk(opened, async (bytes) => {
      await comparison.add(bytes);
      run.meter.add(bytes.length);
    });
  } catch (error) {
    await comparison.end();
    throw error;
  }
  return comparison.end();
}

/**
 * Opens a sealed file with the lowest bit of one byte flipped, from its start to where it is refused.
 *
 * @returns the refusal; `undefined` if there was none
 */
export async function openTampered(sealed: Blob, offset: number, run: Run): Promise<unknown> {
  const [byte = 0] = new Uint8Array(await sealed.slice(offset, offset + 1).arrayBuffer());
  const flipped = new Uint8Array([byte ^ 1]);
  // A blob of parts of another: nothing is copied, and the sealed file stays as it is.
  const tampered = new Blob([sealed.slice(0, offset), flipped, sealed.slice(offset + 1)]);
  const opened = slices(tampered).pipeThrough(run.files.openStream({ signal: run.signal }));
  try {
    await forEachChunk(opened, (bytes) => run.meter.add(bytes.length));
    return undefined;
  } catch (error) {
    run.signal.throwIfAborted();
    return error;
  }
}

export async function layoutOf(sealed: Blob): Promise<Layout> {
  const start = new Uint8Array(await sealed.slice(0, LONGEST_HEADER).arrayBuffer());
  const { headerLength, segmentSize } = inspectHeader(start);
  return { headerLength, segmentSize, segments: messageLayout(start, sealed.size).segments };
}
