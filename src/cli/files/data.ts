import type { Command } from "commander";
import { UsageError } from "../report/failures.ts";
import { print, toJson } from "../report/report.ts";
import { openSink, type SinkOptions } from "./open-sink.ts";
import { openSource } from "./open-source.ts";
import { isStandard } from "./sink.ts";
import { refuseTerminal } from "./terminal.ts";

/** Options of commands that read data and write data. */
export interface DataOptions extends SinkOptions {
  readonly in?: string | undefined;
  readonly out?: string | undefined;
  readonly base64?: boolean | undefined;
}

export function addDataOptions(command: Command, { input, output }: { input: string; output: string }): Command {
  command.option("--in <file>", `${input} (default: standard input)`);
  return addOutputOptions(command, output);
}

export function addOutputOptions(command: Command, output: string): Command {
  return command
    .option("--out <file>", `${output} (default: standard output)`)
    .option("--force", "also write binary data to a terminal");
}

/** The most bytes a command reads, and the advice for longer input. */
interface InputLimit {
  readonly atMost: number;
  readonly instead: string;
}

/** The KMS takes far less in one call; its error names its limit. */
export const ONE_CALL: InputLimit = {
  atMost: 1 << 20,
  instead: "The input is too long for one call. Use an envelope: lanelock seal",
};

/** Reads a file, or standard input (`-`, or no file) to its end. */
export async function readInput(file: string | undefined, limit = ONE_CALL): Promise<Uint8Array<ArrayBuffer>> {
  const source = await openSource(file);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const bytes of source.chunks) {
      length += bytes.length;
      if (length > limit.atMost) throw new UsageError(limit.instead);
      chunks.push(bytes);
    }
    return new Uint8Array(Buffer.concat(chunks));
  } finally {
    source.stop();
    for (const bytes of chunks) bytes.fill(0);
  }
}

/** Writes bytes to standard output, or atomically to a file that only its owner can read. */
export async function writeOutput(file: string | undefined, bytes: Uint8Array, options?: SinkOptions): Promise<void> {
  const sink = await openSink(file, options);
  try {
    await sink.write(bytes);
  } catch (error) {
    await sink.discard();
    throw error;
  }
  await sink.commit();
}

/** Writes raw bytes, or Base64 followed by a line feed. */
function writeAnswer({ out, base64, force }: DataOptions, bytes: Uint8Array): Promise<void> {
  return writeOutput(out, base64 ? Buffer.from(`${toBase64(bytes)}\n`) : bytes, { force });
}

interface AnswerOptions extends DataOptions {
  readonly json?: boolean | undefined;
}

/**
 * Writes a response whose data is in one field: only the data, raw. With `--json` it writes the whole response, or the rest of it if
 * the data goes to a file.
 */
export async function writeDataAnswer<Field extends string>(
  answer: Readonly<Record<Field, Uint8Array | string>>,
  field: Field,
  { json, ...options }: AnswerOptions,
): Promise<void> {
  const data: Uint8Array | string = answer[field];
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  const toFile = !isStandard(options.out);
  if (toFile || !json) await writeAnswer(options, bytes);
  if (json) print(toJson(toFile ? { ...answer, [field]: undefined } : answer));
}

/** Refuses to show ciphertext or a signature on a terminal, before it makes any call. */
export function refuseBinaryAnswer({ json, ...options }: AnswerOptions, what: string): void {
  if (!json) refuseTerminal(options, what, ["--out FILE", "--base64"]);
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

export function fromBase64(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1").replace(/\s/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.replace(/=+$/, "").length % 4 === 1)
    throw new UsageError("The input is not base64. Leave --base64 out if it is binary.");
  return new Uint8Array(Buffer.from(text, "base64"));
}
