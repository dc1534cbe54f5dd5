import { type Command, Option } from "commander";
import type { TokenOptions } from "../../providers/pkcs11/session/connection-options.ts";
import { UsageError } from "../report/failures.ts";

interface TokenFlags {
  readonly module: string;
  readonly tokenLabel?: string;
  readonly tokenSerial?: string;
  readonly pinFile?: string;
  readonly libraryParameters?: string;
  readonly sessions?: number;
}

/** The options that name a token, for every command that works with one. */
export function addTokenOptions(command: Command): Command {
  return command
    .requiredOption("--module <file>", "the PKCS#11 library of the token")
    .option("--token-label <label>", "the token's label")
    .option("--token-serial <serial>", "the token's serial number, where labels repeat")
    .addOption(new Option("--pin-file <file>", "the user PIN, in a file of mode 0600").env("LANELOCK_PIN_FILE"))
    .option("--library-parameters <text>", "what NSS softokn takes when it is initialized");
}

export function tokenOptionsOf(command: Command): TokenOptions {
  const { module, tokenLabel, tokenSerial, pinFile, libraryParameters } = command.opts<TokenFlags>();
  if ((tokenLabel === undefined) === (tokenSerial === undefined)) {
    throw new UsageError("Name the token by one of --token-label and --token-serial.");
  }
  if (pinFile === undefined) throw new UsageError("Give the user PIN in a file of mode 0600: --pin-file");
  const token = tokenLabel === undefined ? { serial: tokenSerial ?? "" } : { label: tokenLabel };
  return { module, token, pin: { file: pinFile }, libraryParameters };
}
