import { LanelockError } from "../../errors.ts";
import { httpStatusOf, KmsError, type KmsErrorCode } from "../../kms/ports/errors.ts";

/** A code of the service, or of a path that it does not have. */
export type ServiceErrorCode = KmsErrorCode | "NotFound";

/** A request that the endpoint refuses before the KMS sees it. */
export class ServiceError extends LanelockError {
  override readonly name = "ServiceError";
  readonly serviceCode: ServiceErrorCode;
  readonly httpStatus: number;

  constructor(serviceCode: ServiceErrorCode, message: string, options?: ErrorOptions) {
    super("ERR_ARGUMENT", message, options);
    this.serviceCode = serviceCode;
    this.httpStatus = serviceCode === "NotFound" ? 404 : httpStatusOf(serviceCode);
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
