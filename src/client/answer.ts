import { LanelockError } from "../errors.ts";
import { isKmsErrorCode, KmsError, type KmsErrorCode } from "../kms/ports/errors.ts";

/** What came back, read in full. */
export interface HttpAnswer {
  readonly status: number;
  /** The header x-acs-request-id. A page sees it only if the server says so. */
  readonly requestId: string | null;
  readonly text: string;
}

const MAX_SHOWN = 1_000;

/** Other spellings of a code in the service. */
const SPELLINGS: Readonly<Record<string, KmsErrorCode>> = {
  SerivceUnvailableTemporary: "SerivceUnavailableTemporary",
  ServiceUnavailableTemporary: "SerivceUnavailableTemporary",
  ServiceUnavailable: "SerivceUnavailableTemporary",
};
/** The gateway's own, before a request reaches the KMS: `Throttling`, `Throttling.User`, `Throttling.Api`. */
const GATEWAY_THROTTLING = /^Throttling(?:\.|$)/;

const TEMPORARY_STATUS: ReadonlySet<number> = new Set([429, 503]);
/**
 * Codes that say "later" with any status. The service's pages list `Throttling` with status 400 (API references of GenerateDataKey,
 * ScheduleKeyDeletion and UpdateAlias); for the others see BackoffUtils in Alibaba's encryption SDK for Java.
 */
const TEMPORARY_CODES: ReadonlySet<string> = new Set<KmsErrorCode>([
  "Rejected.Throttling",
  "SerivceUnavailableTemporary",
]);

/** Whether the same request may succeed later. */
export function isTemporary({ status }: HttpAnswer, { code }: LanelockError): boolean {
  return TEMPORARY_STATUS.has(status) || TEMPORARY_CODES.has(code);
}

/**
 * The JSON of an answer that grants the request.
 *
 * @throws KmsError for a refusal by the service; LanelockError `ERR_PROVIDER` for anything else
 */
export function grantedJson(operation: string, { status, requestId, text }: HttpAnswer): object {
  if (status >= 300 && status < 400) {
    throw improper(operation, `a redirect (${status}), which is not followed: correct the endpoint`);
  }
  const json = objectOf(text);
  if (json === undefined)
    throw improper(operation, `HTTP status ${status} and no JSON object; check that the endpoint is a KMS`);
  const id = memberOf(json, "RequestId");
  if (typeof id !== "string" || !/^[\x21-\x7e]{1,128}$/.test(id)) {
    throw improper(operation, `HTTP status ${status} and no RequestId; check that the endpoint is a KMS`);
  }
  if (requestId !== null && requestId !== "" && requestId !== id) {
    throw improper(operation, "an answer to another request: its RequestId is not the one of its header");
  }
  if (status >= 200 && status < 300) return json;
  throw refusal(operation, { status, json, requestId: id });
}

interface Refused {
  readonly status: number;
  readonly json: object;
  readonly requestId: string;
}

function refusal(operation: string, { status, json, requestId }: Refused): LanelockError {
  const [given, message] = [memberOf(json, "Code"), memberOf(json, "Message")];
  if (typeof given !== "string") return improper(operation, `HTTP status ${status} without a Code`);
  const code = codeOf(given);
  const said = shown(typeof message === "string" ? message : "");
  if (isKmsErrorCode(code)) return new KmsError(code, said || `The service refused ${operation}.`, { requestId });
  const what = `The KMS refused ${operation} with a code unknown to lanelock, "${shown(given).slice(0, 64)}" (${status})`;
  return new LanelockError("ERR_PROVIDER", `${what}: ${said}`);
}

function codeOf(given: string): string {
  if (GATEWAY_THROTTLING.test(given)) return "Rejected.Throttling";
  return (Object.hasOwn(SPELLINGS, given) ? SPELLINGS[given] : undefined) ?? given;
}

/** An answer that is not from a KMS. */
export function improper(operation: string, what: string, cause?: unknown): LanelockError {
  return new LanelockError("ERR_PROVIDER", `The KMS gave no proper answer to ${operation}: ${what}.`, { cause });
}

function objectOf(text: string): object | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function memberOf(json: object, name: string): unknown {
  return Object.hasOwn(json, name) ? Reflect.get(json, name) : undefined;
}

/** A text out of an answer for a message: short, and without control characters, which a terminal would obey. */
function shown(text: string): string {
  return text.slice(0, MAX_SHOWN).replace(/\p{Cc}+/gu, " ");
}
