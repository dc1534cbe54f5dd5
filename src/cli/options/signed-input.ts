import type { Command } from "commander";
import type { AsymmetricSignRequest } from "../../kms/index.ts";
import { readInput } from "../files/data.ts";
import { type AsymmetricOptions, addAsymmetricOptions } from "./asymmetric-options.ts";

/** What `sign` and `verify` both take. */
export interface SignedOptions extends AsymmetricOptions<AsymmetricSignRequest["algorithm"]> {
  readonly in?: string;
  readonly out?: string;
  readonly base64?: boolean;
  readonly force?: boolean;
  readonly digest?: boolean;
}

const MESSAGE = {
  atMost: 1 << 26,
  instead: "The message is longer than 64 MiB: give its SHA-256 digest instead, with --digest",
};

export function addSignedOptions(command: Command): Command {
  addAsymmetricOptions(command, "RSA_PSS_SHA_256 (default of RSA), RSA_PKCS1_SHA_256 or ECDSA_SHA_256");
  return command
    .option("--in <file>", "the message, hashed with SHA-256 (default: standard input)")
    .option("--digest", "the input is a SHA-256 digest of 32 bytes already");
}

export async function signedInput(
  options: SignedOptions,
): Promise<{ message: Uint8Array; messageType: "RAW" | "DIGEST" }> {
  return { message: await readInput(options.in, MESSAGE), messageType: options.digest ? "DIGEST" : "RAW" };
}
