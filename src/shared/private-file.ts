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

/** No secret is longer; more is somebody's mistake, and is not read into memory. */
const MAX_BYTES = 65_536;

/**
 * Reads a file that holds a secret. The owner's rights are checked on the open file, so that what was checked is what is read.
 *
 * @throws LanelockError `unreadable` for a file that cannot be read or is longer than 65,536 bytes, `exposed` for one that others may
 * read
 */
export function readPrivateFile({ path, what, unreadable, exposed, hint = "" }: PrivateFile): Uint8Array {
  const { closeSync, fstatSync, openSync, readFileSync } = nodeModule("node:fs", `A ${what}`);
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (cause) {
    throw new LanelockError(unreadable, `The ${what} ${path} cannot be read.${hint && ` ${hint}`}`, { cause });
  }
  try {
    const { mode, size } = fstatSync(file);
    if ((mode & 0o077) !== 0 && globalThis.process.platform !== "win32") {
      throw new LanelockError(exposed, `Others may read the ${what} ${path}. Run: chmod 600 ${path}`);
    }
    if (size > MAX_BYTES) {
      throw new LanelockError(unreadable, `The ${what} ${path} has ${size} bytes, which is no secret. Check the path.`);
    }
    return new Uint8Array(readFileSync(file));
  } finally {
    closeSync(file);
  }
}
