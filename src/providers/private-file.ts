import { open } from "node:fs/promises";
import { LanelockError } from "../errors.ts";

/**
 * Reads a file with a secret, which nobody but its owner may read. The check is on the open file, so that what is checked is
 * what is read.
 *
 * @param what for messages: `PIN file`
 * @throws LanelockError `ERR_ARGUMENT` when others may read it, `ERR_PROVIDER` when it cannot be read
 */
export async function readPrivateFile(path: string, what: string): Promise<Buffer> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, "r");
  } catch (cause) {
    throw new LanelockError("ERR_PROVIDER", `The ${what} ${path} cannot be read.`, { cause });
  }
  try {
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw new LanelockError("ERR_ARGUMENT", `The ${what} ${path} can be read by others; run: chmod 600 ${path}`);
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}
