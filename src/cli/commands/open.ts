import type { Command } from "commander";
import { type EnvelopeOptions, envelope } from "../../envelope/index.ts";
import type { KmsOperations } from "../../kms/index.ts";
import { openFileRange, type RangeFlag, range } from "../files/open-file-range.ts";
import { isStandard } from "../files/sink.ts";
import { throughStream } from "../files/through-stream.ts";
import { opening } from "../options/ciphertext.ts";
import { addEnvelopeOptions, type EnvelopeFlags, envelopeOptionsOf } from "../options/envelope-options.ts";
import { UsageError } from "../report/failures.ts";
import { print, requireOut, toJson } from "../report/report.ts";
import { withKms } from "../settings/with-kms.ts";

interface OpenOptions extends EnvelopeFlags {
  readonly key?: string;
  readonly range?: RangeFlag;
}

export function addOpen(program: Command): void {
  const open = program
    .command("open")
    .description("open an envelope message, or part of one")
    .option("--key <key>", "refuse a message of any other key")
    .option(
      "--range <offset:length>",
      "only this part of the plaintext, in bytes, by seeking; without a length, to the end",
      range,
    );
  addEnvelopeOptions(open, {
    input: "the message",
    output: "the plaintext; a file appears only if all of it is authentic",
  });
  open.action((options: OpenOptions, command: Command) =>
    withKms(command, async (kms, { json }) => {
      requireOut(json, options.out);
      const settings = { ...envelopeOptionsOf(options), ...(await onlyKey(kms, options.key)) };
      const plaintextLength = await opening(options.in, () => opened(kms, settings, options));
      if (json) print(toJson({ plaintextLength }));
    }),
  );
}

/** The only CMK whose messages are opened, by its id: an alias means the key it points to now. */
async function onlyKey(kms: KmsOperations, key: string | undefined): Promise<EnvelopeOptions> {
  if (key === undefined) return {};
  const { keyMetadata } = await kms.describeKey({ keyId: key });
  return { allowedKeyIds: [keyMetadata.keyId] };
}

async function opened(kms: KmsOperations, settings: EnvelopeOptions, options: OpenOptions): Promise<number> {
  const { in: input, out: output, range: part, force } = options;
  if (part === undefined) {
    await using files = envelope(kms, settings);
    const passage = { label: "open", input, output, force };
    return (await throughStream(passage, (signal) => files.openStream({ signal }))).written;
  }
  if (isStandard(input)) throw new UsageError("--range needs a file to seek in: --in");
  // The parts of a long range are opened one by one, with one data key.
  await using files = envelope(kms, { ...settings, cache: true });
  return await openFileRange(files, { input, output, part, force });
}
