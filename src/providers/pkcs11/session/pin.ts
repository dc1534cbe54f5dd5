import { LanelockError } from "../../../errors.ts";
import { readPrivateFile } from "../../../shared/private-file.ts";
import { messageOf } from "../../../shared/thrown.ts";

/** The user PIN of a token: the PIN itself, a function that returns it, or a file that only its owner can read (mode 0600). */
export type PinSource = string | (() => string | Promise<string>) | { readonly file: string };

/** Reads the PIN. One line end at the end of a file is not part of it. */
export async function readPin(source: PinSource): Promise<string> {
  const pin = typeof source === "object" ? pinOfFile(source.file) : await given(source);
  if (typeof pin === "string" && pin.length > 0) return pin;
  const message = "The PIN must be a string that is not empty, or come from a function or a file.";
  throw new LanelockError("ERR_ARGUMENT", message);
}

async function given(source: string | (() => string | Promise<string>)): Promise<string> {
  if (typeof source === "string") return source;
  try {
    return await source();
  } catch (cause) {
    const message = `The PIN is not known, because the function that gives it failed: ${messageOf(cause)}.`;
    throw new LanelockError("ERR_PROVIDER", message, { cause });
  }
}

function pinOfFile(path: string): string {
  const content = readPrivateFile({ path, what: "PIN file", unreadable: "ERR_PROVIDER", exposed: "ERR_ARGUMENT" });
  const pin = Buffer.from(content.buffer)
    .toString("utf8")
    .replace(/\r?\n$/, "");
  content.fill(0);
  return pin;
}
