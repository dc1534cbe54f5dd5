import { open } from "node:fs/promises";
import type { Command } from "commander";
import { inspectHeader, messageLayout } from "../../envelope/index.ts";
import { isStandardInput } from "../files/data.ts";
import { readStart } from "../files/open-file-range.ts";
import { fields, print, toJson } from "../report/report.ts";
import { connectionOf } from "../settings/connection.ts";

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description("show what the header of an envelope message says, unverified; needs no key")
    .option("--in <file>", "the message (default: standard input)")
    .action(async (options: { readonly in?: string }, command: Command) => {
      const { start, size } = isStandardInput(options.in) ? await fromStandardInput() : await fromFile(options.in);
      const { wrappedKey, salt, commitment, ...header } = inspectHeader(start);
      const hexadecimal = { wrappedKey: hex(wrappedKey), salt: hex(salt), commitment: hex(commitment) };
      const layout = size === undefined ? {} : { messageLength: size, ...messageLayout(start, size) };
      const shown = { ...header, ...layout, ...hexadecimal };
      print(connectionOf(command).json ? toJson(shown) : fields(shown));
    });
}

interface Start {
  readonly start: Uint8Array;
  readonly size: number | undefined;
}

async function fromFile(file: string): Promise<Start> {
  const handle = await open(file);
  try {
    const info = await handle.stat();
    return { start: await readStart(handle), size: info.isFile() ? info.size : undefined };
  } finally {
    await handle.close();
  }
}

async function fromStandardInput(): Promise<Start> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= 1_096) break;
  }
  return { start: new Uint8Array(Buffer.concat(chunks)), size: undefined };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
