import { type Command, InvalidArgumentError, Option } from "commander";
import type { Backend, EnvelopeOptions, Workers } from "../../envelope/index.ts";
import { addDataOptions } from "../files/data.ts";
import { pair, wholeNumber } from "./option-values.ts";

/** Options of the commands that seal and open messages. */
export interface EnvelopeFlags {
  readonly in?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly context?: Readonly<Record<string, string>>;
  readonly backend?: Backend;
  readonly workers?: Workers;
}

const MAX_WORKERS = 64;

function workers(value: string): Workers {
  if (value === "auto") return value;
  const count = wholeNumber(value);
  if (count > MAX_WORKERS) throw new InvalidArgumentError(`It must be "auto" or 0 to ${MAX_WORKERS}.`);
  return count;
}

export function addEnvelopeOptions(command: Command, data: { input: string; output: string }): Command {
  command
    .option("--context <key=value>", "the encryption context, bound to the message; may be repeated", pair)
    .addOption(new Option("--backend <name>", "which AES implementation to use").choices(["auto", "native", "wasm"]))
    .option("--workers <number>", 'threads for long messages: "auto" or 0 to 64', workers);
  return addDataOptions(command, data);
}

export function envelopeOptionsOf({ context, backend, workers }: EnvelopeFlags): EnvelopeOptions {
  return { encryptionContext: context, backend, workers };
}
