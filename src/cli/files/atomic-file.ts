import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, sep } from "node:path";
import { onFile } from "./file-error.ts";
import type { Sink } from "./sink.ts";

/** Characters of the file's name in that of its temporary: a file system takes 255 bytes, of which a character has up to 4. */
const NAME_PART = 40;

interface Parts {
  readonly place: string;
  readonly temporary: string;
  readonly handle: FileHandle;
  /** As the user wrote it, for messages. */
  readonly name: string;
}

/**
 * An atomically written file that only its owner can read. It is written under a temporary name in the same folder, synced to disk
 * and renamed. An older file of the same name stays until then.
 */
export class AtomicFile implements Sink {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @param place a path without links; @param name the path as the user gave it */
  static async create(place: string, name: string): Promise<AtomicFile> {
    const start = basename(place).slice(0, NAME_PART);
    const temporary = `${dirname(place)}${sep}${start}.${randomBytes(6).toString("hex")}.tmp`;
    const handle = await onFile({ verb: "write", name }, () => open(temporary, "wx", 0o600));
    return new AtomicFile({ place, temporary, handle, name });
  }

  write(bytes: Uint8Array): Promise<void> {
    const { handle, name } = this.#parts;
    return onFile({ verb: "write", name }, async () => {
      for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
    });
  }

  async commit(): Promise<void> {
    const { place, temporary, handle, name } = this.#parts;
    try {
      await onFile({ verb: "write", name }, async () => {
        // Before the rename, or a crash could leave the name on a file without its content.
        await handle.sync();
        await handle.close();
        await rename(temporary, place);
      });
    } catch (error) {
      await this.discard();
      throw error;
    }
    await syncFolder(dirname(place));
  }

  async discard(): Promise<void> {
    const { temporary, handle } = this.#parts;
    await handle.close().catch(() => {});
    await rm(temporary, { force: true });
  }
}

/** Syncs the new name to disk too, if the platform can open a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
