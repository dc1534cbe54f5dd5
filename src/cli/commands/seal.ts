import type { Command } from "commander";
import { envelope } from "../../envelope/index.ts";
import { refuseTerminal } from "../files/terminal.ts";
import { throughStream } from "../files/through-stream.ts";
import { addEnvelopeOptions, type EnvelopeFlags, envelopeOptionsOf } from "../options/envelope-options.ts";
import { wholeNumber } from "../options/option-values.ts";
import { print, requireOut, toJson } from "../report/report.ts";
import { withKms } from "../settings/with-kms.ts";

interface SealOptions extends EnvelopeFlags {
  readonly key: string;
  readonly segmentSize?: number;
}

export function addSeal(program: Command): void {
  const seal = program
    .command("seal")
    .description("seal data of any size in an envelope message under a data key")
    .requiredOption("--key <key>", "key id, alias or ARN of the CMK that wraps the data key")
    .option("--segment-size <bytes>", "a power of two, 4096 to 16777216 (default: 65536)", wholeNumber);
  addEnvelopeOptions(seal, { input: "the plaintext", output: "the message" });
  seal.action((options: SealOptions, command: Command) =>
    withKms(command, async (kms, { json }) => {
      requireOut(json, options.out);
      refuseTerminal(options, "The message", ["--out FILE"]);
      const { key: keyId, segmentSize } = options;
      await using files = envelope(kms, { ...envelopeOptionsOf(options), keyId, segmentSize });
      const passage = { label: "seal", input: options.in, output: options.out, force: options.force };
      const { read, written } = await throughStream(passage, (signal) => files.sealStream({ signal }));
      if (json) print(toJson({ plaintextLength: read, messageLength: written }));
    }),
  );
}
