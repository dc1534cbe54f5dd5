import { randomBytes } from "node:crypto";
import { type FileHandle, open, readlink, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, sep } from "node:path";

/** Where a command writes its result, in order. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  /** All was written: the result is there from now on. */
  commit(): Promise<void>;
  /** Nothing of the result is kept, where that can be. */
  discard(): Promise<void>;
}

/** A file, or standard output for `undefined` and `-`. */
export async function openSink(file: string | undefined): Promise<Sink> {
  if (file === undefined || file === "-") {
    // `write` reports what went wrong; without a listener the event would end the process on its own.
    if (process.stdout.listenerCount("error") === 0) process.stdout.on("error", () => {});
    return standardOutput;
  }
  const place = await whereItLeads(file);
  const info = await stat(place).catch(() => undefined);
  // A device or a pipe cannot be replaced by a file of the same name.
  if (info !== undefined && !info.isFile()) return new PlainSink(await open(place, "w"));
  return AtomicFile.create(place);
}

/** As many links as Linux follows. */
const MOST_LINKS = 40;

/** The file behind a path, whether it is there or not: a link that leads to nothing yet is one to write through, as a shell's `>` does. */
async function whereItLeads(path: string): Promise<string> {
  let place = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    const found = await realpath(place).catch((error) => {
      if (error.code === "ELOOP") throw error;
    });
    if (found !== undefined) return found;
    const target = await readlink(place).catch(() => undefined);
    if (target === undefined) return place;
    // Not `join`, which would take `..` for the folder that the name says instead of the one that it leads to.
    place = isAbsolute(target) ? target : `${dirname(place)}${sep}${target}`;
  }
  return place;
}

const standardOutput: Sink = {
  write: (bytes) =>
    new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    }),
  commit: async () => {},
  discard: async () => {},
};

class PlainSink implements Sink {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#handle, bytes);
  }

  commit(): Promise<void> {
    return this.#handle.close();
  }

  discard(): Promise<void> {
    return this.#handle.close();
  }
}

/** Characters of the file's name in that of its temporary: a file system takes 255 bytes, of which a character has up to 4. */
const NAME_PART = 40;

/**
 * A file that is there whole or not at all, and its owner's alone: it is written under another name in the same folder, brought
 * to the disk and renamed. A file that had the name before stays until then.
 */
class AtomicFile implements Sink {
  readonly #file: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;

  private constructor(file: string, temporary: string, handle: FileHandle) {
    this.#file = file;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  static async create(file: string): Promise<AtomicFile> {
    const name = basename(file).slice(0, NAME_PART);
    const temporary = `${dirname(file)}${sep}${name}.${randomBytes(6).toString("hex")}.tmp`;
    return new AtomicFile(file, temporary, await open(temporary, "wx", 0o600));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#handle, bytes);
  }

  async commit(): Promise<void> {
    try {
      await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#temporary, this.#file);
    } catch (error) {
      await this.discard();
      throw error;
    }
    await syncFolder(dirname(this.#file));
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await rm(this.#temporary, { force: true });
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}

/** Brings the new name to the disk too, where the platform lets a folder be opened. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
