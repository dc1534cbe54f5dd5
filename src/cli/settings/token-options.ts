import { type Command, Option } from "commander";
import type { TokenOptions } from "../../providers/pkcs11/session/connection-options.ts";
import { UsageError } from "../report/failures.ts";
import { settingsOf } from "./read-settings.ts";
import type { Settings } from "./settings.ts";

interface ShortFlags {
  readonly module?: string;
  readonly tokenLabel?: string;
}

/** Shorter names of the token's settings, for the commands about one token. */
export function addTokenOptions(command: Command): Command {
  return command
    .addOption(new Option("--module <file>", "the same as --pkcs11-module"))
    .addOption(new Option("--token-label <label>", "the same as --token"));
}

/** The token of a command that needs one. @throws UsageError for one that is not named in full */
export function tokenOptionsOf(command: Command): TokenOptions {
  const settings = settingsOf(command);
  const { module, tokenLabel } = command.opts<ShortFlags>();
  const serial = tokenLabel === undefined ? settings.tokenSerial : undefined;
  return tokenOf({
    ...settings,
    pkcs11Module: module ?? settings.pkcs11Module,
    token: tokenLabel ?? settings.token,
    tokenSerial: serial,
  });
}

/** The token that settings name. @throws UsageError for one that is not named in full */
export function tokenOf({ pkcs11Module, token, tokenSerial, pinFile, libraryParameters }: Settings): TokenOptions {
  if (pkcs11Module === undefined) throw new UsageError("Name the PKCS#11 library of the token: --pkcs11-module FILE");
  const selector = token === undefined ? tokenSerial && { serial: tokenSerial } : { label: token };
  if (!selector) throw new UsageError("Name the token by --token LABEL or --token-serial SERIAL.");
  if (pinFile === undefined) throw new UsageError("Give the user PIN in a file of mode 0600: --pin-file FILE");
  return { module: pkcs11Module, token: selector, pin: { file: pinFile }, libraryParameters };
}
