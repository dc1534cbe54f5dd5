import { randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, rm, rmdir, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { onFile } from "./file-error.ts";
import type { Undo } from "./undo.ts";

/** Makes a folder and those above it, for its owner alone. */
export async function makeFolder(folder: string, undo: Undo): Promise<void> {
  const attempt = { verb: "write", name: folder } as const;
  const first = await onFile(attempt, () => mkdir(folder, { recursive: true, mode: 0o700 }));
  if (first === undefined) return;
  // From the outermost new folder to the innermost; they are removed in reverse order.
  const made: string[] = [];
  for (let at = resolve(folder); at !== dirname(resolve(first)); at = dirname(at)) made.unshift(at);
  for (const one of made) undo.add(() => rmdir(one));
}

/**
 * Writes a new root key, 32 random bytes in base64, that only its owner can read. It is on disk before it gets its name, and it
 * never replaces another file.
 */
export async function makeRootKey(file: string, undo: Undo): Promise<void> {
  await makeFolder(dirname(file), undo);
  const key = randomBytes(32);
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await onFile({ verb: "write", name: file }, async () => {
      const handle = await open(temporary, "wx", 0o600);
      try {
        await handle.writeFile(`${key.toString("base64")}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await link(temporary, file);
    });
    undo.add(() => unlink(file));
  } finally {
    key.fill(0);
    await rm(temporary, { force: true });
  }
}

/** Removes the files of a new store: the database, its logs and locks, the audit log. */
export async function removeNewFiles(path: string, undo: Undo): Promise<void> {
  const folder = dirname(path);
  const before = new Set(await readdir(folder).catch(() => []));
  undo.add(async () => {
    const now = await readdir(folder);
    const added = now.filter((name) => name.startsWith(basename(path)) && !before.has(name));
    for (const name of added) await rm(join(folder, name), { force: true });
  });
}
