import { LanelockError, type LanelockErrorCode } from "../errors.ts";
import { nodeModule } from "./node-modules.ts";

export interface PrivateFile {
  readonly path: string;
  /** For messages: `PIN file`. */
  readonly what: string;
  /** The code of a file that cannot be read. */
  readonly unreadable: LanelockErrorCode;
  /** The code of a file that others may read. */
  readonly exposed: LanelockErrorCode;
  /** What to do about a file that cannot be read. */
  readonly hint?: string;
}

/** The properties of an open file that {@link checkPrivate} checks. */
export interface FileFacts {
  readonly mode: number;
  readonly uid: number;
  isFile(): boolean;
  isFIFO(): boolean;
}

/** No secret is longer; a longer file is a wrong path, and is not read into memory. */
const MAX_BYTES = 65_536;

/**
 * The owner of a file if it is neither this process's user nor root, otherwise undefined. Such an owner can change the file at any
 * time, regardless of its mode. Windows has no numeric owners.
 */
export function foreignOwner({ uid }: Pick<FileFacts, "uid">): number | undefined {
  const own = globalThis.process?.geteuid?.();
  return own === undefined || uid === own || uid === 0 ? undefined : uid;
}

/**
 * Checks an open file, so that the checked file is the one that is used. It must be a regular file or a pipe that belongs to this
 * process's user or to root, and that nobody else may read or write.
 *
 * @throws LanelockError `unreadable` for another kind of file, `exposed` for one that others own, read or write
 */
export function checkPrivate(facts: FileFacts, { path, what, unreadable, exposed }: PrivateFile): void {
  if (!facts.isFile() && !facts.isFIFO()) {
    throw new LanelockError(unreadable, `The ${what} ${path} is neither a file nor a pipe. Check the path.`);
  }
  const owner = foreignOwner(facts);
  if (owner !== undefined) {
    const remedy = `Make it your own: chown ${globalThis.process.geteuid?.()} ${path}`;
    throw new LanelockError(exposed, `The ${what} ${path} belongs to another user (uid ${owner}). ${remedy}`);
  }
  if ((facts.mode & 0o077) !== 0 && globalThis.process.platform !== "win32") {
    throw new LanelockError(exposed, `Others may read the ${what} ${path}. Run: chmod 600 ${path}`);
  }
}

/**
 * Reads a file that holds a secret, of at most 65,536 bytes.
 *
 * @throws LanelockError `unreadable` for a file that cannot be read or is longer, `exposed` for one that others own, read or write
 */
export function readPrivateFile(file: PrivateFile): Uint8Array {
  const { path, what, unreadable, hint = "" } = file;
  const { closeSync, fstatSync, openSync, readFileSync } = nodeModule("node:fs", `A ${what}`);
  let open: number | undefined;
  try {
    open = openSync(path, "r");
    const facts = fstatSync(open);
    checkPrivate(facts, file);
    if (facts.size > MAX_BYTES) {
      const remedy = "No secret is that long: check the path.";
      throw new LanelockError(unreadable, `The ${what} ${path} has ${facts.size} bytes. ${remedy}`);
    }
    const content = readFileSync(open);
    try {
      return new Uint8Array(content);
    } finally {
      content.fill(0);
    }
  } catch (cause) {
    if (cause instanceof LanelockError) throw cause;
    throw new LanelockError(unreadable, `The ${what} ${path} cannot be read.${hint && ` ${hint}`}`, { cause });
  } finally {
    if (open !== undefined) closeSync(open);
  }
}
