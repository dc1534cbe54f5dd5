import type { Command } from "commander";
import { CheckFailed } from "../report/failures.ts";
import { print, toJson } from "../report/report.ts";
import { withStore } from "../settings/with-kms.ts";

const WHY = "A server settles what is due every minute by itself.";

export function addSweep(program: Command): void {
  program
    .command("sweep")
    .description("carry out every deletion, expiry and rotation that is due; a running KMS does so every minute")
    .action((_options: object, command: Command) =>
      withStore(command, WHY, async (kms, { json }) => {
        const result = await kms.sweep();
        print(json ? toJson(result) : `${result.settled} done, ${result.failed} failed`);
        if (result.failed > 0) throw new CheckFailed("some keys could not be settled");
      }),
    );
}
