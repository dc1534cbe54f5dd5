import { LanelockError } from "../../errors.ts";

/** What was asked cannot be: told with exit status 2, as commander's own refusals of options are. */
export class UsageError extends Error {}

/** Something was found that should not be, and has been reported: exit status 1, and nothing more to say. */
export class CheckFailed extends Error {}

function commanderCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && code.startsWith("commander.") ? code : undefined;
}

/** 0 for help and version, 2 for a command that cannot be understood, 1 for one that failed. */
export function exitStatus(error: unknown): number {
  const code = commanderCode(error);
  if (code !== undefined) return code === "commander.helpDisplayed" || code === "commander.version" ? 0 : 2;
  return error instanceof UsageError ? 2 : 1;
}

/** One line for the terminal; nothing where the words have been said already. */
export function describeFailure(error: unknown): string {
  if (commanderCode(error) !== undefined || error instanceof CheckFailed) return "";
  if (error instanceof LanelockError) return `${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return String(error);
  return error.message;
}
