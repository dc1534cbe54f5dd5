import { open } from "node:fs/promises";
import { LanelockError } from "../../errors.ts";

/** The user PIN of a token: itself, a function that gives it, or a file that only its owner can read (mode 0600). */
export type PinSource = string | (() => string | Promise<string>) | { readonly file: string };

/** Reads the PIN once. A single line end at the end of a file is not part of it. */
export async function readPin(source: PinSource): Promise<string> {
  const pin = typeof source === "object" ? await pinOfFile(source.file) : await given(source);
  if (typeof pin !== "string" || pin.length === 0) {
    throw new LanelockError(
      "ERR_ARGUMENT",
      "The PIN must be a string that is not empty, or come from a function or a file.",
    );
  }
  return pin;
}

async function given(source: string | (() => string | Promise<string>)): Promise<string> {
  return typeof source === "function" ? source() : source;
}

async function pinOfFile(path: string): Promise<string> {
  if (typeof path !== "string") throw new LanelockError("ERR_ARGUMENT", "pin.file must be the path of a file.");
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, "r");
  } catch (cause) {
    throw new LanelockError("ERR_PROVIDER", `The PIN file ${path} cannot be read.`, { cause });
  }
  try {
    // Asked of the open file, so that what is checked is what is read.
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw new LanelockError("ERR_ARGUMENT", `The PIN file ${path} can be read by others; run: chmod 600 ${path}`);
    }
    return (await file.readFile("utf8")).replace(/\r?\n$/, "");
  } finally {
    await file.close();
  }
}
