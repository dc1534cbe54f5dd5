import type { Command } from "commander";
import { writeOutput } from "../files/data.ts";
import { pair, wholeNumber } from "../options/option-values.ts";
import { UsageError } from "../report/failures.ts";
import { fields, print, toJson } from "../report/report.ts";
import { withKms } from "../settings/with-kms.ts";

interface DataKeyOptions {
  readonly key: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly bytes?: number;
  readonly withoutPlaintext?: boolean;
  readonly out?: string;
  readonly plaintextOut?: string;
}

export function addDataKey(program: Command): void {
  program
    .command("data-key")
    .description("make a data key: its plaintext, and its encryption under a key")
    .requiredOption("--key <key>", "key id, alias or ARN")
    .option("--context <key=value>", "encryption context, needed again to decrypt; may be repeated", pair)
    .option("--bytes <number>", "length of the data key, 1 to 1,024 (default: 32)", wholeNumber)
    .option("--without-plaintext", "print only the encrypted data key")
    .option("--out <file>", "the encrypted data key (default: standard output, in base64)")
    .option("--plaintext-out <file>", "the plaintext of the data key")
    .action((options: DataKeyOptions, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const toFiles = options.out !== undefined || options.plaintextOut !== undefined;
        if (toFiles && options.out === undefined) {
          throw new UsageError("--plaintext-out without --out would lose the encrypted data key. Give --out, too.");
        }
        const request = { keyId: options.key, encryptionContext: options.context, numberOfBytes: options.bytes };
        const made: { ciphertextBlob: Uint8Array; plaintext?: Uint8Array } = options.withoutPlaintext
          ? await kms.generateDataKeyWithoutPlaintext(request)
          : await kms.generateDataKey(request);
        try {
          if (options.out !== undefined) await writeOutput(options.out, made.ciphertextBlob);
          if (options.plaintextOut !== undefined)
            await writeOutput(options.plaintextOut, made.plaintext ?? new Uint8Array());
          if (toFiles && !json) return;
          const shown = toFiles ? { ...made, plaintext: undefined } : made;
          print(json ? toJson(shown) : fields(JSON.parse(toJson(shown))));
        } finally {
          made.plaintext?.fill(0);
        }
      }),
    );
}
