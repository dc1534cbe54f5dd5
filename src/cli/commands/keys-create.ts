import { type Command, Option } from "commander";
import type { CreateKeyRequest } from "../../kms/index.ts";
import { pair } from "../options/option-values.ts";
import { print, toJson } from "../report/report.ts";
import { withKms } from "../settings/with-kms.ts";

interface CreateOptions {
  readonly spec?: CreateKeyRequest["keySpec"];
  readonly usage?: CreateKeyRequest["keyUsage"];
  readonly level?: CreateKeyRequest["protectionLevel"];
  readonly origin?: CreateKeyRequest["origin"];
  readonly description?: string;
  readonly rotate?: string;
  readonly tag?: Readonly<Record<string, string>>;
  readonly alias?: string;
}

export function addKeysCreate(keys: Command): void {
  keys
    .command("create")
    .description("create a key, and print its id")
    .option("--spec <KeySpec>", "Aliyun_AES_256 (default), Aliyun_SM4 (at level HSM), RSA_2048, EC_P256, …")
    .option("--usage <KeyUsage>", "ENCRYPT/DECRYPT or SIGN/VERIFY")
    .option(
      "--level <ProtectionLevel>",
      "SOFTWARE (default), HSM (with --pkcs11-module) or EXTERNAL (with --external-config)",
    )
    .addOption(new Option("--origin <Origin>", "EXTERNAL waits for imported material"))
    .option("--description <text>", "what the key is for")
    .option("--rotate <interval>", "rotate automatically, like 365d (7 to 730 days)")
    .option("--tag <key=value>", "a tag; may be repeated", pair)
    .option("--alias <name>", "also create an alias, like alias/orders")
    .action((options: CreateOptions, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const { keyMetadata } = await kms.createKey({
          keySpec: options.spec,
          keyUsage: options.usage,
          protectionLevel: options.level,
          origin: options.origin,
          description: options.description,
          enableAutomaticRotation: options.rotate !== undefined,
          rotationInterval: options.rotate,
          tags: Object.entries(options.tag ?? {}).map(([tagKey, tagValue]) => ({ tagKey, tagValue })),
        });
        const { keyId } = keyMetadata;
        // The key exists before it has its alias, so its id is printed even if it gets none.
        print(json ? toJson(keyMetadata) : keyId);
        if (options.alias !== undefined) await kms.createAlias({ keyId, aliasName: options.alias });
      }),
    );
}
