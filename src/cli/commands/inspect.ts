import type { Command } from "commander";
import { inspectHeader, messageLayout } from "../../envelope/index.ts";
import { LanelockError } from "../../errors.ts";
import { readStart } from "../files/open-file-range.ts";
import { openInput, openSource } from "../files/open-source.ts";
import { isStandard } from "../files/sink.ts";
import { fields, print, toJson } from "../report/report.ts";
import { printsJson } from "../settings/read-settings.ts";

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description("show the header of an envelope message, unverified; needs no key")
    .option("--in <file>", "the message (default: standard input)")
    .action(async (options: { readonly in?: string }, command: Command) => {
      const start = isStandard(options.in) ? await fromStandardInput() : await fromFile(options.in);
      const shown = read(start, isStandard(options.in) ? "The input" : options.in);
      print(printsJson(command) ? toJson(shown) : fields(shown));
    });
}

interface Start {
  readonly bytes: Uint8Array;
  /** Of the whole message, where that is known. */
  readonly size: number | undefined;
}

function read({ bytes, size }: Start, name: string): object {
  try {
    const { wrappedKey, salt, commitment, ...header } = inspectHeader(bytes);
    const layout = size === undefined ? {} : { messageLength: size, ...messageLayout(bytes, size) };
    return { ...header, ...layout, wrappedKey: hex(wrappedKey), salt: hex(salt), commitment: hex(commitment) };
  } catch (cause) {
    // The envelope's own words are about keys and contexts, which play no part here.
    if (!(cause instanceof LanelockError && cause.code === "ERR_AUTHENTICATION")) throw cause;
    const reason = "it has no valid header (docs/formats.md), or a length that no message has";
    throw new LanelockError("ERR_ARGUMENT", `${name} is not an envelope message: ${reason}.`, { cause });
  }
}

async function fromFile(file: string): Promise<Start> {
  const handle = await openInput(file);
  try {
    const info = await handle.stat();
    return { bytes: await readStart(handle, file), size: info.isFile() ? info.size : undefined };
  } finally {
    await handle.close();
  }
}

/** More than any header. */
const ENOUGH = 1_096;

async function fromStandardInput(): Promise<Start> {
  const source = await openSource(undefined);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source.chunks) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= ENOUGH) break;
  }
  source.stop();
  return { bytes: new Uint8Array(Buffer.concat(chunks)), size: undefined };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
