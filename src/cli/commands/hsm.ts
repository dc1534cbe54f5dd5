import type { Command } from "commander";
import { probeToken } from "../../providers/pkcs11/capabilities/probe.ts";
import { print, table, toJson } from "../report/report.ts";
import { printsJson } from "../settings/read-settings.ts";
import { addTokenOptions, tokenOptionsOf } from "../settings/token-options.ts";

/** `lanelock hsm probe`: what a token offers, by KeySpec and algorithm. */
export function addHsm(program: Command): void {
  const hsm = program.command("hsm").description("look at a PKCS#11 token");
  addTokenOptions(hsm.command("probe"))
    .description("show which keys and algorithms a token supports, and what it lacks for the others")
    .action(async (_options: unknown, command: Command) => {
      const report = await probeToken(tokenOptionsOf(command));
      if (printsJson(command)) {
        print(toJson(report));
        return;
      }
      print(report.name);
      const rows = report.capabilities.map(({ keySpec, algorithm, custody, missing }) => {
        return [keySpec, algorithm, custody ?? "no", missing === undefined ? "" : `lacks ${missing}`];
      });
      print(table(["KEY SPEC", "ALGORITHM", "CUSTODY", "WHY NOT"], rows));
    });
}
