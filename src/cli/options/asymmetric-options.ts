import type { Command } from "commander";
import type { KmsOperations } from "../../kms/index.ts";
import { UsageError } from "../report/failures.ts";

/** Options of commands that use an asymmetric key. */
export interface AsymmetricOptions<Algorithm> {
  readonly key: string;
  readonly keyVersion?: string | undefined;
  readonly algorithm?: Algorithm;
}

export function addAsymmetricOptions(command: Command, algorithms: string): Command {
  return command
    .requiredOption("--key <key>", "key id, alias or ARN of an asymmetric key")
    .option("--key-version <id>", "the key's version, needed when it has several")
    .option("--algorithm <name>", algorithms);
}

/** The fields of every asymmetric operation. Asymmetric keys have no primary version, so one of several must be named. */
export async function asymmetricFields<Algorithm>(kms: KmsOperations, options: AsymmetricOptions<Algorithm>) {
  const { key: keyId, algorithm, keyVersion: keyVersionId = await onlyVersion(kms, keyId) } = options;
  return { keyId, keyVersionId, algorithm };
}

async function onlyVersion(kms: KmsOperations, keyId: string): Promise<string> {
  const { keyVersions, totalCount } = await kms.listKeyVersions({ keyId, pageSize: 1 });
  const [version] = keyVersions;
  if (version !== undefined && totalCount === 1) return version.keyVersionId;
  const { keySpec } = (await kms.describeKey({ keyId })).keyMetadata;
  if (keySpec.startsWith("Aliyun_")) {
    throw new UsageError(
      `The key is symmetric (${keySpec}). Name an asymmetric key, such as one of RSA_2048 or EC_P256.`,
    );
  }
  throw new UsageError(`The key has ${totalCount} versions: name one with --key-version. See: lanelock keys describe`);
}
