import type { Command } from "commander";
import { verifyStore } from "../../kms/index.ts";
import { fromBase64, readInput } from "../files/data.ts";
import { asymmetricFields } from "../options/asymmetric-options.ts";
import { addSignedOptions, type SignedOptions, signedInput } from "../options/signed-input.ts";
import { CheckFailed, UsageError } from "../report/failures.ts";
import { print, toJson } from "../report/report.ts";
import { kmsOptions } from "../settings/kms-options.ts";
import { printsJson } from "../settings/read-settings.ts";
import { existingStore, withKms } from "../settings/with-kms.ts";

const WHY =
  "A store is checked with its root key, which no client has. To verify a signature give --key and --signature.";

interface VerifyOptions extends Omit<SignedOptions, "key"> {
  readonly key?: string;
  readonly signature?: string;
  readonly beginAnchor?: boolean;
}

export function addVerify(program: Command): void {
  const verify = program
    .command("verify")
    .description(
      "check the store and its audit log; with --key and --signature, a signature. Exit with 1 if it is bad",
    );
  addSignedOptions(verify)
    .option("--signature <file>", "the signature")
    .option("--base64", "the signature is in base64")
    .option("--begin-anchor", "accept the store as it is, after a restore, and rewrite the file of --anchor")
    .action((options: VerifyOptions, command: Command) => {
      const { key, signature, beginAnchor = false } = options;
      if (key === undefined && signature === undefined) return checkStore(command, beginAnchor);
      if (beginAnchor) throw new UsageError("--begin-anchor is for the check of the store, without a signature");
      if (key === undefined || signature === undefined) {
        throw new UsageError("To verify a signature give --key and --signature; to check the store give neither");
      }
      return checkSignature(command, { ...options, key, signature });
    });
  // Only a signature needs a key.
  verify.options.find(({ long }) => long === "--key")?.makeOptionMandatory(false);
}

async function checkStore(command: Command, beginAnchor: boolean): Promise<void> {
  const settings = existingStore(command, WHY);
  const { anchor } = settings;
  if (beginAnchor && anchor === undefined) throw new UsageError("--begin-anchor needs --anchor FILE");
  const options = anchor === undefined ? {} : { anchor: { file: anchor, begin: beginAnchor } };
  // The check writes nothing but the anchor, so it needs no audit log.
  const { ok, problems, rows, audit } = await verifyStore({ ...kmsOptions(settings), ...options, audit: false });
  const events = audit.files.reduce((sum, file) => sum + file.events, 0);
  const text = ok ? `ok      ${rows} rows, ${events} audit events` : problems.map((one) => `BROKEN  ${one}`).join("\n");
  print(printsJson(command) ? toJson({ ok, problems, rows, audit }) : text);
  if (!ok) throw new CheckFailed("the store is not as it was left");
}

function checkSignature(command: Command, options: SignedOptions & { readonly signature: string }): Promise<void> {
  return withKms(command, async (kms, { json }) => {
    const signature = await readInput(options.signature);
    const signed = await signedInput(options);
    const answer = await kms.asymmetricVerify({
      ...(await asymmetricFields(kms, options)),
      ...signed,
      value: options.base64 ? fromBase64(signature) : signature,
    });
    print(json ? toJson(answer) : answer.value ? "good signature" : "BAD SIGNATURE");
    if (!answer.value) throw new CheckFailed("the signature is bad");
  });
}
