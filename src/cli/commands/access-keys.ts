import { readFileSync } from "node:fs";
import { text as readAll } from "node:stream/consumers";
import type { Command } from "commander";
import { accessKeysOf } from "../../server/index.ts";
import { onFile } from "../files/file-error.ts";
import { wholeNumber } from "../options/option-values.ts";
import { fields, print, table, toJson } from "../report/report.ts";
import { withStore } from "../settings/with-kms.ts";

const WHY = "Access keys are kept in the store: no operation of the service makes or changes them.";

interface CreateFlags {
  readonly name?: string;
  readonly policy?: string;
  readonly temporary?: number;
}

/** `lanelock access-keys`: who may call the server of a store. */
export function addAccessKeys(program: Command): void {
  const keys = program.command("access-keys").description("the access keys that callers of lanelock serve sign with");
  keys
    .command("create")
    .description("create an access key, and print its secret this once")
    .option("--name <text>", "what it is for: the caller's name in the audit log", "unnamed")
    .option("--policy <file>", "a RAM policy, - for standard input (default: everything is allowed)")
    .option("--temporary <seconds>", "with a security token, for at most 12 hours", wholeNumber)
    .action(async ({ name, policy, temporary }: CreateFlags, command: Command) => {
      const text = policy === undefined ? undefined : await policyText(policy);
      await withStore(command, WHY, async (kms, { json }) => {
        const request = { name: name ?? "unnamed", policy: text, temporarySeconds: temporary };
        const made = await accessKeysOf(kms).create(request);
        print(json ? toJson(made) : fields(made));
      });
    });
  keys
    .command("list")
    .description("list access keys, oldest first, without their secrets")
    .action((_flags: object, command: Command) =>
      withStore(command, WHY, async (kms, { json }) => {
        const accessKeys = await accessKeysOf(kms).list();
        if (json) return print(toJson({ accessKeys }));
        const rows = accessKeys.map((one) => [one.accessKeyId, one.name, one.status, one.createdAt, one.expiresAt]);
        print(table(["ACCESS KEY", "NAME", "STATUS", "CREATED", "EXPIRES"], rows));
      }),
    );
  for (const [verb, status] of [
    ["disable", "Inactive"],
    ["enable", "Active"],
  ] as const) {
    keys
      .command(verb)
      .argument("<accessKeyId>")
      .description(`${verb} an access key`)
      .action((accessKeyId: string, _flags: object, command: Command) =>
        withStore(command, WHY, (kms) => accessKeysOf(kms).setStatus(accessKeyId, status)),
      );
  }
  keys
    .command("set-policy")
    .argument("<accessKeyId>")
    .description("give an access key another policy")
    .requiredOption("--policy <file>", "a RAM policy, - for standard input")
    .action(async (accessKeyId: string, { policy }: { policy: string }, command: Command) => {
      const text = await policyText(policy);
      await withStore(command, WHY, (kms) => accessKeysOf(kms).setPolicy(accessKeyId, text));
    });
  keys
    .command("delete")
    .argument("<accessKeyId>")
    .description("delete an access key")
    .action((accessKeyId: string, _flags: object, command: Command) =>
      withStore(command, WHY, (kms) => accessKeysOf(kms).delete(accessKeyId)),
    );
}

export function policyText(file: string): Promise<string> {
  return file === "-"
    ? readAll(process.stdin)
    : onFile({ verb: "read", name: file }, async () => readFileSync(file, "utf8"));
}
