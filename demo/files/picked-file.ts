import { gathered } from "./gathered.ts";
import type { Place } from "./place.ts";

/** A file that the visitor picked. It has its old content until `close`. */
export async function pickedFile(handle: FileSystemFileHandle, removeFile = async () => {}): Promise<Place> {
  const stream = await handle.createWritable();
  return gathered({
    saved: true,
    write: (bytes) => stream.write(bytes),
    close: async () => {
      await stream.close();
      return handle.getFile();
    },
    remove: async () => {
      await stream.abort().catch(() => {});
      await removeFile();
    },
  });
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
