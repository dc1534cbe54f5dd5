import type { Command } from "commander";
import { accessKeysOf, explainPolicy } from "../../server/index.ts";
import { systemTime } from "../../shared/timers.ts";
import { pair } from "../options/option-values.ts";
import { UsageError } from "../report/failures.ts";
import { print, toJson } from "../report/report.ts";
import { printsJson } from "../settings/read-settings.ts";
import { withStore } from "../settings/with-kms.ts";
import { policyText } from "./access-keys.ts";

const WHY = "The policies of access keys are kept in the store: no operation of the service shows them.";

interface CheckFlags {
  readonly policy?: string;
  readonly accessKey?: string;
  readonly action: string;
  readonly resource: string;
  readonly sourceIp: string;
  readonly tls?: boolean;
  readonly at?: string;
  readonly tag?: Readonly<Record<string, string>>;
  readonly context?: Readonly<Record<string, string>>;
}

/** `lanelock policy check`: shows a policy's decision, and the statement that decides. */
export function addPolicy(program: Command): void {
  program
    .command("policy")
    .description("RAM policies of access keys")
    .command("check")
    .description("say whether a policy allows an action on a resource, and why")
    .option("--policy <file>", "the policy, - for standard input")
    .option("--access-key <accessKeyId>", "the policy of an access key in the store")
    .requiredOption("--action <name>", "like kms:Encrypt")
    .requiredOption("--resource <arn>", "like acs:kms:local:0:key/KEY")
    .option("--source-ip <address>", "of the caller", "127.0.0.1")
    .option("--tls", "the request comes over TLS")
    .option("--at <time>", "when, like 2027-01-31T12:00:00Z (default: now)")
    .option("--tag <key=value>", "a tag of the key; may be repeated", pair)
    .option("--context <key=value>", "of the encryption context; may be repeated", pair)
    .action(async (flags: CheckFlags, command: Command) => {
      const policy = await policyOf(flags, command);
      const decision = explainPolicy(policy, { action: flags.action, resource: flags.resource }, factsOf(flags));
      if (printsJson(command)) print(toJson(decision));
      else print(`${decision.allowed ? "allowed" : "denied"}: ${decision.reason}`);
      if (!decision.allowed) process.exitCode = 1;
    });
}

function policyOf({ policy, accessKey }: CheckFlags, command: Command): Promise<string> {
  if ((policy === undefined) === (accessKey === undefined)) {
    throw new UsageError("Say which policy: --policy FILE, or --access-key ID");
  }
  if (policy !== undefined) return policyText(policy);
  return withStore(command, WHY, async (kms) => {
    const found = (await accessKeysOf(kms).list()).find(({ accessKeyId }) => accessKeyId === accessKey);
    if (found !== undefined) return found.policy;
    throw new UsageError(`There is no access key ${accessKey}. See: lanelock access-keys list`);
  });
}

function factsOf({ sourceIp, tls, at, tag = {}, context = {} }: CheckFlags) {
  const currentTime = at === undefined ? systemTime.now() : Date.parse(at);
  if (Number.isNaN(currentTime)) throw new UsageError("--at must be a time like 2027-01-31T12:00:00Z.");
  return {
    ...{ sourceIp, secureTransport: tls === true, currentTime, encryptionContext: context },
    tags: new Map(Object.entries(tag)),
  };
}
