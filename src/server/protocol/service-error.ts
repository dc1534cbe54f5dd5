import { LanelockError } from "../../errors.ts";
import { KmsError } from "../../kms/ports/errors.ts";

/** Codes of the HTTP layer, which no operation of the KMS uses, each with its HTTP status. */
const STATUS = {
  "InvalidAccessKeyId.NotFound": 404,
  "InvalidAccessKeyId.Inactive": 403,
  "InvalidSecurityToken.Expired": 400,
  "InvalidSecurityToken.MismatchWithAccessKey": 400,
  IncompleteSignature: 400,
  SignatureDoesNotMatch: 400,
  SignatureNonceUsed: 400,
  IllegalTimestamp: 400,
  "InvalidAction.NotFound": 404,
  InvalidVersion: 400,
  UnsupportedHTTPMethod: 403,
  ParseRequestParameterException: 400,
  RequestEntityTooLarge: 413,
  RequestTimeout: 408,
  "Rejected.Throttling": 429,
  NotFound: 404,
} as const;

export type ServiceErrorCode = keyof typeof STATUS;

/** A request that the endpoint refuses before the KMS sees it. */
export class ServiceError extends LanelockError {
  override readonly name = "ServiceError";
  readonly serviceCode: ServiceErrorCode;
  readonly httpStatus: number;

  constructor(serviceCode: ServiceErrorCode, message: string, options?: ErrorOptions) {
    super("ERR_ARGUMENT", message, options);
    this.serviceCode = serviceCode;
    this.httpStatus = STATUS[serviceCode];
  }
}

export interface WireError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/**
 * Codes of temporary failures of the store, the token or the audit log: a client may repeat the call. `ERR_KEY` is that of
 * a server whose store was put under another root key; it ends when the server is restarted with that key.
 */
const TEMPORARY = new Set([
  "ERR_STORE",
  "ERR_KEY",
  "ERR_PROVIDER",
  "ERR_AUDIT",
  "ERR_STATE",
  "ERR_WORKER",
  "ERR_LIMIT",
]);

/** The status, code and message that a client sees. The cause of a failure is in the server's log, not in the answer. */
export function wireError(error: unknown): WireError {
  if (error instanceof ServiceError) {
    return { status: error.httpStatus, code: error.serviceCode, message: error.message };
  }
  if (error instanceof KmsError) return { status: error.httpStatus, code: error.code, message: error.message };
  if (error instanceof LanelockError && TEMPORARY.has(error.code)) {
    const message = "The service is temporarily unavailable. Try again.";
    return { status: 503, code: "SerivceUnavailableTemporary", message };
  }
  return { status: 500, code: "InternalFailure", message: "Internal Failure." };
}
