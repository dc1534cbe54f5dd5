import { LanelockError } from "../../errors.ts";

export interface FileAttempt {
  readonly verb: "read" | "write";
  /** As the user named it. */
  readonly name: string;
}

/** The meaning of the system's codes, and what to do; `write` if it differs from `read`. */
const MEANINGS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOENT: ["there is no such file", "Check the path."],
  "ENOENT write": ["its folder does not exist", "Make the folder first."],
  EACCES: ["permission is denied", "Choose another file, or change its permissions."],
  EPERM: ["permission is denied", "Choose another file, or change its permissions."],
  EISDIR: ["it is a folder", "Name a file."],
  ENOTDIR: ["part of its path is not a folder", "Check the path."],
  ELOOP: ["its links lead in a circle", "Check where they lead."],
  ENXIO: ["it is a socket or a device that nothing answers at", "Name a file."],
  ENAMETOOLONG: ["its name is too long", "Choose a shorter one."],
  EMFILE: ["too many files are open", "Close some, or raise the limit (ulimit -n)."],
  ENFILE: ["too many files are open", "Close some programs."],
  EIO: ["the device failed", "Check the disk."],
  ENOSPC: ["the disk is full", "Free space and run the command again."],
  EDQUOT: ["the disk quota is used up", "Free space and run the command again."],
  EFBIG: ["the file would be longer than is allowed", "Check ulimit -f and the file system."],
  EROFS: ["its file system is read-only", "Choose another place."],
  EPIPE: ["the reader has gone away", "Only what it has read was written."],
  EBADF: ["it is not open, or not open for this", "Check the redirection."],
  ETXTBSY: ["it is a program that is running", "Choose another file."],
};

/**
 * Turns an error of the file system into one of ours, with the name that the user gave.
 *
 * @returns `ERR_STORE`; an error of ours unchanged
 */
export function fileError(cause: unknown, { verb, name }: FileAttempt): unknown {
  if (cause instanceof LanelockError) return cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  const known = MEANINGS[`${code} ${verb}`] ?? MEANINGS[code ?? ""];
  const said = cause instanceof Error ? cause.message : String(cause);
  const [what, remedy] = known ?? [`the system says "${said}"`, "Check the file."];
  const reason = code === undefined || known === undefined ? what : `${what} (${code})`;
  return new LanelockError("ERR_STORE", `Cannot ${verb} ${name}: ${reason}. ${remedy}`, { cause });
}

/** Runs `work` on a file. Errors of the system become a {@link fileError}. */
export async function onFile<T>(attempt: FileAttempt, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, attempt);
  }
}

/** An error like the system's, for a problem that is found before the system call. */
export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
