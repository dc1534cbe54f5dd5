import { abortable } from "../../src/shared/abortable.ts";
import { Mutex } from "../../src/shared/locks/mutex.ts";
import { failureOf } from "./failure.ts";
import { PageKeys } from "./keys.ts";
import { memoryFile } from "./memory-file.ts";
import type { Cipher, Phase, Reply, Request, SaveRequest, SealRequest, TamperRequest } from "./messages.ts";
import { Meter } from "./meter.ts";
import { newFileIn, pickedFile } from "./picked-file.ts";
import type { Place } from "./place.ts";
import { PrivateFiles } from "./private-files.ts";
import { layoutOf, openAndCompare, openTampered, seal } from "./sealing.ts";
import { forEachChunk, slices } from "./slices.ts";

// The worker of the files: it has the KMS and reads, seals, opens and writes, so that the page's own thread only draws.

interface Kept {
  readonly cipher: Cipher;
  readonly sealed: File;
  readonly place: Place;
}

const keys = new PageKeys();
const privateFiles = PrivateFiles.open();
const kept = new Map<number, Kept>();
/** What is going on, by file and kind of work. */
const running = new Map<string, AbortController>();
/** One file at a time: its segments share the processors. */
const turns = new Mutex();

function post(reply: Reply): void {
  globalThis.postMessage(reply);
}

function meterOf(id: number, phase: Phase, total: number): Meter {
  return new Meter((reading) => post({ kind: "progress", id, phase, total, ...reading }));
}

/** Runs the work of a request so that it can be cancelled, and says how it failed. Replaces work of the same kind on the same file. */
async function run(id: number, phase: Phase, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const name = `${id} ${phase}`;
  running.get(name)?.abort();
  const abort = new AbortController();
  running.set(name, abort);
  try {
    await work(abort.signal);
  } catch (error) {
    if (abort.signal.aborted) post({ kind: "cancelled", id, phase });
    else post({ kind: "failed", id, phase, failure: failureOf(error) });
  } finally {
    if (running.get(name) === abort) running.delete(name);
  }
}

function cancel(id: number, phases: readonly Phase[]): void {
  for (const phase of phases) running.get(`${id} ${phase}`)?.abort();
}

/** Work that waits its turn. Cancelled before that, it does not run. */
function inTurn(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  return turns.run(work, (turn) => abortable(turn, signal));
}

async function placeFor({ file, folder }: SealRequest): Promise<Place> {
  const name = `${file.name}.sealed`;
  if (folder !== undefined) return newFileIn(folder, name);
  return (await (await privateFiles)?.create(name)) ?? memoryFile(name);
}

async function sealFile(request: SealRequest, signal: AbortSignal): Promise<void> {
  const { id, file, cipher } = request;
  const files = await keys.envelope(cipher);
  const meter = meterOf(id, "seal", files.sealedLength(file.size));
  const place = await placeFor(request);
  const start = performance.now();
  const sealed = await seal(file, place, { files, meter, signal });
  kept.set(id, { cipher, sealed, place });
  const milliseconds = performance.now() - start;
  post({ kind: "sealed", id, sealed, saved: place.saved, layout: await layoutOf(sealed), milliseconds });
}

async function compareFile({ id, file, cipher }: SealRequest, signal: AbortSignal): Promise<void> {
  const sealed = kept.get(id)?.sealed;
  if (sealed === undefined) return;
  const run = { files: await keys.envelope(cipher), meter: meterOf(id, "compare", file.size), signal };
  const start = performance.now();
  const difference = await openAndCompare(sealed, file, run);
  post({ kind: "compared", id, milliseconds: performance.now() - start, difference });
}

async function tamperWith({ id, offset }: TamperRequest, signal: AbortSignal): Promise<void> {
  const { cipher, sealed } = keptFile(id);
  const meter = meterOf(id, "tamper", sealed.size);
  const refusal = await openTampered(sealed, offset, { files: await keys.envelope(cipher), meter, signal });
  const failure = refusal === undefined ? undefined : failureOf(refusal);
  post({ kind: "tampered", id, offset, released: meter.bytes, refusal: failure });
}

async function saveFile({ id, handle }: SaveRequest, signal: AbortSignal): Promise<void> {
  const { sealed } = keptFile(id);
  const meter = meterOf(id, "save", sealed.size);
  const place = await pickedFile(handle, async () => {});
  try {
    await forEachChunk(slices(sealed), async (bytes) => {
      signal.throwIfAborted();
      await place.write(bytes);
      meter.add(bytes.length);
    });
    await place.close();
  } catch (error) {
    await place.remove();
    throw error;
  }
  post({ kind: "saved", id });
}

function keptFile(id: number): Kept {
  const file = kept.get(id);
  if (file === undefined) throw new Error("This file was removed: choose it again");
  return file;
}

/** A file in a folder of the visitor's stays there. */
async function forget(id: number): Promise<void> {
  cancel(id, ["seal", "compare", "save", "tamper"]);
  const file = kept.get(id);
  kept.delete(id);
  if (file?.place.saved === false) await file.place.remove();
}

async function handle(request: Request): Promise<void> {
  const { id } = request;
  switch (request.kind) {
    case "seal":
      await run(id, "seal", (signal) => inTurn(() => sealFile(request, signal), signal));
      if (kept.has(id)) await run(id, "compare", (signal) => inTurn(() => compareFile(request, signal), signal));
      return;
    case "tamper":
      return run(id, "tamper", (signal) => tamperWith(request, signal));
    case "save":
      return run(id, "save", (signal) => saveFile(request, signal));
    case "cancel":
      cancel(id, ["seal", "compare", "save"]);
      return;
    case "forget":
      return forget(id);
  }
}

globalThis.addEventListener("message", ({ data }: MessageEvent<Request>) => void handle(data));
