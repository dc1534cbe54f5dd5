import { gathered } from "./gathered.ts";
import type { Place } from "./place.ts";

/** Only workers have it, so TypeScript's library for pages does not. */
interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  flush(): void;
  close(): void;
}
type WorkerFileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> };

const FOLDER = "lanelock-demo";

/**
 * Files in storage that only this page can read (the origin private file system), so that memory does not depend on their length. Each
 * page has a folder of its own, named as a lock that it holds as long as it lives: the folders of pages that are gone are deleted.
 */
export class PrivateFiles {
  readonly #folder: FileSystemDirectoryHandle;
  #files = 0;

  private constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder;
  }

  /** @returns `undefined` where the browser has no such storage, or none in private windows */
  static async open(): Promise<PrivateFiles | undefined> {
    try {
      const own = `lanelock-demo-${crypto.randomUUID()}`;
      await holdLock(own);
      const all = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
      await removeAbandoned(all);
      const folder = await all.getDirectoryHandle(own, { create: true });
      return canWrite(await folder.getFileHandle("0", { create: true })) ? new PrivateFiles(folder) : undefined;
    } catch {
      return undefined;
    }
  }

  async create(fileName: string): Promise<Place> {
    const name = `${++this.#files}`;
    const handle = await this.#folder.getFileHandle(name, { create: true });
    if (!canWrite(handle)) throw new TypeError("This browser cannot write private files");
    const access = await handle.createSyncAccessHandle();
    let at = 0;
    let open = true;
    const end = () => {
      if (open) access.close();
      open = false;
    };
    return gathered({
      saved: false,
      write: (bytes) => {
        for (let done = 0; done < bytes.length; ) done += access.write(bytes.subarray(done), { at: at + done });
        at += bytes.length;
      },
      close: async () => {
        access.flush();
        end();
        const file = await handle.getFile();
        // A reference to the same bytes, with the visitor's name.
        return new File([file], fileName);
      },
      remove: async () => {
        end();
        await this.#folder.removeEntry(name);
      },
    });
  }
}

function canWrite(handle: FileSystemFileHandle): handle is WorkerFileHandle {
  return "createSyncAccessHandle" in handle;
}

/** Resolves once the lock is held. The browser gives it back when the worker ends. */
function holdLock(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const whileHeld = () => {
      resolve();
      return new Promise<void>(() => {});
    };
    navigator.locks.request(name, whileHeld).catch(reject);
  });
}

async function removeAbandoned(folder: FileSystemDirectoryHandle): Promise<void> {
  const { held = [] } = await navigator.locks.query();
  const alive = new Set(held.map(({ name }) => name));
  for await (const name of folder.keys()) {
    // Two pages may delete the same folder.
    if (!alive.has(name)) await folder.removeEntry(name, { recursive: true }).catch(() => {});
  }
}
