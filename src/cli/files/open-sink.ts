import { write } from "node:fs";
import { constants, type FileHandle, lstat, open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { isatty } from "node:tty";
import { AtomicFile } from "./atomic-file.ts";
import { fileError, onFile, systemError } from "./file-error.ts";
import { followLinks, refusePlanted } from "./follow-links.ts";
import { isStandard, type Sink } from "./sink.ts";
import { textOnly } from "./terminal.ts";

export interface SinkOptions {
  /** Also writes binary data to a terminal. */
  readonly force?: boolean | undefined;
}

/**
 * Opens an output. A regular file is written atomically. A pipe, a device or an inherited descriptor gets the data as it comes. A
 * terminal takes only text, unless forced.
 *
 * @param file standard output for `undefined` and `-`
 * @throws LanelockError `ERR_STORE`
 */
export async function openSink(file: string | undefined, { force = false }: SinkOptions = {}): Promise<Sink> {
  if (isStandard(file)) return forTerminal(standardOutput(), process.stdout.fd, force);
  return onFile({ verb: "write", name: file }, async () => {
    const found = await followLinks(file);
    if ("descriptor" in found) {
      const { descriptor } = found;
      const sink = descriptor === process.stdout.fd ? standardOutput() : new DescriptorSink(descriptor, file);
      return forTerminal(sink, descriptor, force);
    }
    const handle = await openIrregular(found.place);
    return handle === undefined
      ? await AtomicFile.create(found.place, file)
      : forTerminal(new HandleSink(handle, file), handle.fd, force);
  });
}

function forTerminal(sink: Sink, descriptor: number, force: boolean): Sink {
  return !force && isatty(descriptor) ? textOnly(sink) : sink;
}

/** A pipe, a device or the like, which a file of its name cannot replace; nothing for a regular file, or none. */
async function openIrregular(place: string): Promise<FileHandle | undefined> {
  const seen = await lstat(place).catch(() => undefined);
  if (seen === undefined || seen.isFile()) return undefined;
  // This neither makes nor truncates a file, and checks the opened file, not the name again.
  const handle = await open(place, constants.O_WRONLY | constants.O_NOCTTY);
  try {
    const opened = await handle.stat();
    if (opened.isFIFO()) await refusePlanted(place, "pipe");
    if (!seen.isSymbolicLink() && (opened.dev !== seen.dev || opened.ino !== seen.ino)) throw systemError("ENOENT");
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function standardOutput(): Sink {
  const attempt = { verb: "write", name: "standard output" } as const;
  // `write` reports the error; without a listener the event would end the process.
  if (process.stdout.listenerCount("error") === 0) process.stdout.on("error", () => {});
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        process.stdout.write(bytes, (error) => (error ? reject(fileError(error, attempt)) : resolve()));
      }),
    commit: async () => {},
    discard: async () => {},
  };
}

class HandleSink implements Sink {
  readonly #handle: FileHandle;
  readonly #name: string;

  constructor(handle: FileHandle, name: string) {
    this.#handle = handle;
    this.#name = name;
  }

  write(bytes: Uint8Array): Promise<void> {
    return onFile({ verb: "write", name: this.#name }, async () => {
      for (let at = 0; at < bytes.length; ) at += (await this.#handle.write(bytes, at)).bytesWritten;
    });
  }

  commit(): Promise<void> {
    return onFile({ verb: "write", name: this.#name }, () => this.#handle.close());
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }
}

/** How long to wait for space in a non-blocking pipe. */
const ROOM_MILLISECONDS = 5;

/** An inherited descriptor: it stays open, and earlier output through it stays. */
class DescriptorSink implements Sink {
  readonly #descriptor: number;
  readonly #name: string;

  constructor(descriptor: number, name: string) {
    this.#descriptor = descriptor;
    this.#name = name;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const written = await this.#writeSome(bytes.subarray(at));
      if (written === 0) await pause(ROOM_MILLISECONDS);
      at += written;
    }
  }

  #writeSome(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#descriptor, bytes, 0, bytes.length, null, (error, written) => {
        if (error === null) resolve(written);
        else if (error.code === "EAGAIN") resolve(0);
        else reject(fileError(error, { verb: "write", name: this.#name }));
      });
    });
  }

  async commit(): Promise<void> {}

  async discard(): Promise<void> {}
}
