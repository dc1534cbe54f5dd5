import { LanelockError } from "../../errors.ts";

/**
 * The command line is not valid: exit status 2, as for commander's own refusals of options. The message is complete, so a line for
 * the terminal leaves the code out.
 */
export class UsageError extends LanelockError {
  constructor(message: string, options?: ErrorOptions) {
    super("ERR_ARGUMENT", message, options);
  }
}

/** A check found problems, and the report has already said so: exit status 1, and no further message. */
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

interface Failure {
  readonly code: string;
  readonly message: string;
}

/** The error's message; empty if it has already been printed. */
function failureOf(error: unknown): Failure | undefined {
  if (commanderCode(error) !== undefined || error instanceof CheckFailed) return undefined;
  if (error instanceof LanelockError) return { code: error.code, message: inOurWords(oneLine(error.message)) };
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const known = typeof code === "string" && !message.includes(code) ? ` (${code})` : "";
  return { code: "InternalFailure", message: `Unexpected: ${oneLine(message)}${known}. Please report it.` };
}

/** Advice of the library for programs, and its equivalent on the command line. */
const ADVICE: readonly (readonly [library: string, here: string])[] = [
  ['open the KMS with the option "hsm"', "name a token with --pkcs11-module, --token and --pin-file"],
  ['open the KMS with the option "external"', "name a key manager with --external-config"],
  ["The option endpoint of kmsClient", "--endpoint"],
  [
    "Access keys belong in the option credentials.",
    "Give an access key in ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET.",
  ],
  ["Of kmsClient's credentials,", "Of the access key in the environment or the credentials file,"],
  ["Use https, or say insecure: true.", "Use https."],
  [
    "listens only with TLS: give tls: { certificate, privateKey }, or insecure: true",
    "listens only with TLS: give --certificate and --private-key, or --insecure",
  ],
  [", or open it without `create: false`", ""],
];

function inOurWords(message: string): string {
  return ADVICE.reduce((text, [library, here]) => text.replace(library, here), message);
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*[\r\n]+\s*/g, " ");
}

/**
 * One line for standard error, without its line feed: `lanelock: CODE: message`, or with `json` an object of `code`, `message` and
 * `exitStatus`. Empty if there is no further message.
 */
export function describeFailure(error: unknown, { json = false } = {}): string {
  const failure = failureOf(error);
  if (failure === undefined) return "";
  const { code, message } = failure;
  if (json) return JSON.stringify({ code, message, exitStatus: exitStatus(error) });
  return error instanceof UsageError ? `lanelock: ${message}` : `lanelock: ${code}: ${message}`;
}

/** Whether a command line asks for JSON, even if it is not valid otherwise. */
export function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes("--json");
}
