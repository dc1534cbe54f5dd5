import { createReadStream } from "node:fs";
import type { Command } from "commander";
import { UsageError } from "../report/failures.ts";
import { print, toJson } from "../report/report.ts";
import { openSink } from "./sink.ts";

/** Options of commands that read data and write data. */
export interface DataOptions {
  readonly in?: string | undefined;
  readonly out?: string | undefined;
  readonly base64?: boolean | undefined;
}

export function addDataOptions(command: Command, { input, output }: { input: string; output: string }): Command {
  return command
    .option("--in <file>", `${input} (default: standard input)`)
    .option("--out <file>", `${output} (default: standard output)`);
}

/** The most bytes a command reads, and what it says of more. */
interface InputLimit {
  readonly atMost: number;
  readonly instead: string;
}

/** What the KMS takes in one call is far less; what is longer is refused there, with the reason. */
const ONE_CALL: InputLimit = {
  atMost: 1 << 20,
  instead: "The input is too long for one call; use an envelope: lanelock seal",
};

/** Whether what `--in` says is standard input: `-`, or nothing. */
export function isStandardInput(file: string | undefined): file is undefined | "-" {
  return file === undefined || file === "-";
}

/** Reads a file, or standard input (`-`, or no file) to its end. */
export async function readInput(file: string | undefined, limit = ONE_CALL): Promise<Uint8Array<ArrayBuffer>> {
  const stream = isStandardInput(file) ? process.stdin : createReadStream(file);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > limit.atMost) throw new UsageError(limit.instead);
    chunks.push(bytes);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Writes bytes to standard output, or to a file that is there whole or not at all, and its owner's alone. */
export async function writeOutput(file: string | undefined, bytes: Uint8Array): Promise<void> {
  const sink = await openSink(file);
  try {
    await sink.write(bytes);
  } catch (error) {
    await sink.discard();
    throw error;
  }
  await sink.commit();
}

/** Writes bytes as they are, or in base64 with a line feed behind it. */
export function writeAnswer({ out, base64 }: DataOptions, bytes: Uint8Array): Promise<void> {
  return writeOutput(out, base64 ? Buffer.from(`${toBase64(bytes)}\n`) : bytes);
}

/**
 * Writes an answer whose data is in one field: the data as it is; with `--json` the whole answer, or where the data goes to a file, the
 * rest of it.
 */
export async function writeDataAnswer<Field extends string>(
  answer: Readonly<Record<Field, Uint8Array | string>>,
  field: Field,
  { out, base64, json }: DataOptions & { readonly json?: boolean | undefined },
): Promise<void> {
  const data: Uint8Array | string = answer[field];
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  const toFile = out !== undefined && out !== "-";
  if (toFile || !json) await writeAnswer({ out, base64 }, bytes);
  if (json) print(toJson(toFile ? { ...answer, [field]: undefined } : answer));
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

export function fromBase64(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1").replace(/\s/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.replace(/=+$/, "").length % 4 === 1)
    throw new UsageError("The input is not base64.");
  return new Uint8Array(Buffer.from(text, "base64"));
}
