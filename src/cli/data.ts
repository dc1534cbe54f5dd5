import { createReadStream } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { UsageError } from "./failures.ts";

/** Options of commands that read data and write data. */
export interface DataOptions {
  readonly in?: string;
  readonly out?: string;
  readonly base64?: boolean;
}

export function addDataOptions(command: Command, { input, output }: { input: string; output: string }): Command {
  return command
    .option("--in <file>", `${input} (default: standard input)`)
    .option("--out <file>", `${output} (default: standard output)`);
}

/** What the KMS takes in one call is far less; what is longer is refused there, with the reason. */
const MAX_INPUT = 1 << 20;

/** Reads a file, or standard input to its end. */
export async function readInput(file: string | undefined): Promise<Uint8Array<ArrayBuffer>> {
  const stream = file === undefined ? process.stdin : createReadStream(file);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_INPUT) throw new UsageError("The input is too long for one call; use an envelope: lanelock seal");
    chunks.push(bytes);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Writes bytes to standard output, or to a file that is there whole or not at all, and its owner's alone. */
export async function writeOutput(file: string | undefined, bytes: Uint8Array): Promise<void> {
  if (file === undefined) {
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    return;
  }
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, bytes, { mode: 0o600, flag: "wx" });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

export function fromBase64(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1").replace(/\s/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new UsageError("The input is not base64.");
  return new Uint8Array(Buffer.from(text, "base64"));
}
