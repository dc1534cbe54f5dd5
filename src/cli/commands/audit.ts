import type { Command } from "commander";
import type { AuditFileReport } from "../../kms/index.ts";
import { CheckFailed } from "../report/failures.ts";
import { print, toJson } from "../report/report.ts";
import { withStore } from "../settings/with-kms.ts";

export function addAudit(program: Command): void {
  program
    .command("audit")
    .description("check the audit log alone (lanelock verify checks the store, too)")
    .command("verify")
    .description("find changed, removed or reordered lines, rewritten or missing files, and cut tails")
    .argument("[files...]", "logs that were moved away, besides those that the store knows")
    .action((files: string[], _options: object, command: Command) =>
      withStore(
        command,
        "An audit log is checked with the root key of its store, which no client has.",
        async (kms, { json }) => {
          const report = await kms.verifyAudit({ files });
          print(json ? toJson(report) : report.files.map(summary).join("\n") || "This store has no audit log.");
          if (!report.ok) throw new CheckFailed("the audit log is not whole");
        },
        // Writing a log continues it, and one that was tampered with refuses that.
        { audit: false },
      ),
    );
}

function summary({ location, events, anchoredAt, unsealedBytes, problems }: AuditFileReport): string {
  if (problems.length > 0) return problems.map((problem) => `BROKEN  ${location}: ${problem}`).join("\n");
  const anchor = anchoredAt ? `, anchored ${anchoredAt.toISOString()}` : "";
  const tail = unsealedBytes > 0 ? `, ${unsealedBytes} bytes being written` : "";
  return `ok      ${location}: ${events} events${anchor}${tail}`;
}
