import { lstat, readdir, readlink, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, parse, sep } from "node:path";
import { LanelockError } from "../../errors.ts";
import { systemError } from "./file-error.ts";

/** The target of an output's path: a place in a folder, or a descriptor that the process was started with. */
export type Destination = { readonly place: string } | { readonly descriptor: number };

/** As many links as Linux follows. */
const MOST_LINKS = 40;

/** The descriptors open before a command opens any: `/dev/fd/N` of a later one could be the store's own file. */
const inherited: ReadonlySet<string> = new Set(
  await readdir(process.platform === "linux" ? "/proc/self/fd" : "/dev/fd").catch(() => []),
);

/**
 * Follows every link of a path, as a shell's `>` does, even if there is no file at its end. `/dev/stdout`, `/dev/fd/63` and the like
 * lead to the descriptor itself: its access mode, position and append mode stay.
 *
 * @throws LanelockError `ERR_STORE` for a link that somebody else put into a shared folder
 */
export async function followLinks(path: string): Promise<Destination> {
  const start = isAbsolute(path) ? path : join(process.cwd(), sep) + path;
  if (start.endsWith(sep)) throw systemError("EISDIR");
  let place = parse(start).root;
  const names = start.slice(place.length).split(sep);
  for (let links = 0; names.length > 0; ) {
    const name = names.shift() ?? "";
    if (name === "" || name === ".") continue;
    if (name === "..") {
      place = dirname(place);
      continue;
    }
    const descriptor = names.length === 0 ? descriptorAt(place, name) : undefined;
    if (descriptor !== undefined) return { descriptor };
    const next = join(place, name);
    const target = await readlink(next).catch(() => undefined);
    // Another process's descriptors are links in name only.
    if (target === undefined || /^\/proc\/\d+\/fd$/.test(place)) {
      place = next;
      continue;
    }
    if (++links > MOST_LINKS) throw systemError("ELOOP");
    await refusePlanted(next, "link");
    if (isAbsolute(target)) place = parse(target).root;
    names.unshift(...target.slice(isAbsolute(target) ? place.length : 0).split(sep));
  }
  return { place };
}

/** `/proc/self/fd/1` once its links are followed; `/dev/fd/1` where that is not a link. */
function descriptorAt(folder: string, name: string): number | undefined {
  if (folder !== `/proc/${process.pid}/fd` && folder !== "/dev/fd") return undefined;
  if (!inherited.has(name)) throw systemError("EBADF");
  return Number(name);
}

/**
 * In a folder such as /tmp, where everybody may put files, another user's link or pipe may be a trap: the output would replace a file
 * of ours, or that user would read it. This is the rule of Linux's fs.protected_symlinks, which covers only links that the kernel
 * follows.
 *
 * @throws LanelockError `ERR_STORE`
 */
export async function refusePlanted(path: string, what: string): Promise<void> {
  const user = process.geteuid?.();
  if (user === undefined) return;
  const [own, folder] = await Promise.all([lstat(path), stat(dirname(path))]);
  const isShared = (folder.mode & 0o1002) === 0o1002;
  if (!isShared || own.uid === user || own.uid === folder.uid) return;
  throw new LanelockError(
    "ERR_STORE",
    `Refused to write through ${path}: it is a ${what} that another user put into a folder everybody can write to. Choose another file.`,
  );
}
