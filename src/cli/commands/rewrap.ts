import type { Command } from "commander";
import { envelope } from "../../envelope/index.ts";
import { addDataOptions } from "../files/data.ts";
import { refuseTerminal } from "../files/terminal.ts";
import { throughStream } from "../files/through-stream.ts";
import { opening } from "../options/ciphertext.ts";
import { pair } from "../options/option-values.ts";
import { withKms } from "../settings/with-kms.ts";

interface RewrapFlags {
  readonly key: string;
  readonly in?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly context?: Readonly<Record<string, string>>;
}

export function addRewrap(program: Command): void {
  const rewrap = program
    .command("rewrap")
    .description("move an envelope message to another CMK; its segments are copied, not verified")
    .requiredOption("--key <key>", "key id, alias or ARN of the CMK it moves to")
    .option("--context <key=value>", "the encryption context of the message; may be repeated", pair);
  addDataOptions(rewrap, { input: "the message", output: "the message under the new key" });
  rewrap.action(({ key: keyId, in: input, out: output, context, force }: RewrapFlags, command: Command) =>
    withKms(command, async (kms) => {
      refuseTerminal({ out: output, force }, "The message", ["--out FILE"]);
      await using files = envelope(kms, { encryptionContext: context });
      const passage = { label: "rewrap", input, output, force };
      await opening(input, () => throughStream(passage, (signal) => files.rewrapStream({ keyId, signal })));
    }),
  );
}
