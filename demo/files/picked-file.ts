import type { Place } from "./place.ts";

/** Each write is a message to another process, so short ones are gathered. */
const GATHERED = 2 ** 20;

/** A file that the visitor picked, or one in a folder that they picked. It has its old content until `close`. */
export async function pickedFile(handle: FileSystemFileHandle, removeFile: () => Promise<void>): Promise<Place> {
  const stream = await handle.createWritable();
  let buffer = new Uint8Array(GATHERED);
  let length = 0;
  const flush = async () => {
    if (length > 0) await stream.write(buffer.subarray(0, length));
    buffer = new Uint8Array(GATHERED);
    length = 0;
  };
  return {
    saved: true,
    write: async (bytes) => {
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + GATHERED - length);
        buffer.set(part, length);
        length += part.length;
        at += part.length;
        if (length === GATHERED) await flush();
      }
    },
    close: async () => {
      await flush();
      await stream.close();
      return handle.getFile();
    },
    remove: async () => {
      await stream.abort().catch(() => {});
      await removeFile();
    },
  };
}

/** A new file in a folder: `report.pdf.sealed`, or `report.pdf (2).sealed` if there is one already. */
export async function newFileIn(folder: FileSystemDirectoryHandle, fileName: string): Promise<Place> {
  const name = await freeName(folder, fileName);
  const handle = await folder.getFileHandle(name, { create: true });
  return pickedFile(handle, () => folder.removeEntry(name));
}

async function freeName(folder: FileSystemDirectoryHandle, fileName: string): Promise<string> {
  const taken = new Set<string>();
  for await (const name of folder.keys()) taken.add(name);
  const base = fileName.replace(/\.sealed$/, "");
  let name = fileName;
  for (let count = 2; taken.has(name); count++) name = `${base} (${count}).sealed`;
  return name;
}
