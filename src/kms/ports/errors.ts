import { type KmsErrorCode, LanelockError } from "../../errors.ts";

/** The codes of the service, each with its HTTP status: first those of operations, then those of an endpoint. */
const HTTP_STATUS = {
  InternalFailure: 500,
  SerivceUnavailableTemporary: 503,
  "Forbidden.KeyNotFound": 404,
  "Forbidden.AliasNotFound": 404,
  "Forbidden.NoPermission": 403,
  MissingParameter: 400,
  InvalidParameter: 400,
  "Rejected.LimitExceeded": 400,
  AliasAlreadyExists: 400,
  InvalidKeyMaterial: 400,
  InvalidImportToken: 400,
  ExpiredImportToken: 400,
  "Unsupported.Origin": 400,
  "Unsupported.Alias": 400,
  "Unsupported.ProtectionLevel": 400,
  UnsupportedOperation: 400,
  "Rejected.UnsupportedOperation": 400,
  "Rejected.Enabled": 409,
  "Rejected.Disabled": 409,
  "Rejected.PendingDeletion": 409,
  "Rejected.PendingImport": 409,
  "Rejected.StateModifiedFailed": 409,
  DryRunOperationError: 400,
  "InvalidAccessKeyId.NotFound": 404,
  "InvalidAccessKeyId.Inactive": 403,
  "InvalidSecurityToken.Expired": 400,
  "InvalidSecurityToken.MismatchWithAccessKey": 400,
  IncompleteSignature: 400,
  SignatureDoesNotMatch: 400,
  SignatureNonceUsed: 400,
  IllegalTimestamp: 400,
  "InvalidTimeStamp.Expired": 400,
  "InvalidAction.NotFound": 404,
  InvalidVersion: 400,
  UnsupportedHTTPMethod: 403,
  ParseRequestParameterException: 400,
  RequestEntityTooLarge: 413,
  RequestTimeout: 408,
  "Rejected.Throttling": 429,
  "Rejected.ShareQuotaExceedLimit": 400,
  "Forbidden.AccessKey": 403,
  "Forbidden.KmsServiceNotEnabled": 403,
  "Forbidden.InDebt": 403,
  "Forbidden.InDebtOverdue": 403,
  "Forbidden.ProhibitedByRiskControl": 403,
  "Forbidden.DKMSInstanceNotFound": 403,
} satisfies Readonly<Record<KmsErrorCode, number>>;

export type { KmsErrorCode };

/** Whether a text is one of the service's codes. */
export function isKmsErrorCode(code: string): code is KmsErrorCode {
  return Object.hasOwn(HTTP_STATUS, code);
}

/** The HTTP status that the service gives a code. */
export function httpStatusOf(code: KmsErrorCode): number {
  return HTTP_STATUS[code];
}

export interface KmsErrorOptions extends ErrorOptions {
  readonly requestId?: string | undefined;
}

/**
 * A refusal with a code of the service. Failures that are not the caller's fault (a database, a token, the audit log) are a plain
 * `LanelockError`: `ERR_STORE`, `ERR_PROVIDER`, `ERR_AUDIT`, `ERR_INTEGRITY`.
 *
 * @example
 * try {
 *   await kms.encrypt({ keyId: "alias/orders", plaintext });
 * } catch (error) {
 *   if (error instanceof KmsError && error.code === "Rejected.Disabled") await kms.enableKey({ keyId });
 *   else throw error;
 * }
 */
export class KmsError extends LanelockError {
  declare readonly code: KmsErrorCode;
  override readonly name = "KmsError";
  /** The HTTP status the service answers this code with. */
  readonly httpStatus: number;
  /** Of a refusal that came over HTTP: the id of the request, for the operator of the service. */
  declare readonly requestId?: string;

  constructor(code: KmsErrorCode, message: string, options?: KmsErrorOptions) {
    super(code, message, options);
    this.httpStatus = httpStatusOf(code);
    if (options?.requestId !== undefined) this.requestId = options.requestId;
  }
}

/** The one error for every ciphertext that does not authenticate. It gives no details on purpose. */
export function invalidCiphertext(): KmsError {
  return invalidParameter("CiphertextBlob");
}

/** @param parameter as the service spells it (`KeyId`). @param reason a sentence that says what would be valid. */
export function invalidParameter(parameter: string, reason?: string): KmsError {
  const message = `The specified parameter "${parameter}" is not valid.`;
  return new KmsError("InvalidParameter", reason === undefined ? message : `${message} ${reason}`);
}

/**
 * The one error for every unusable material: wrapped wrongly, of a wrong form or length, or belonging to another key. It gives no
 * details on purpose: they would be an oracle for RSAES_PKCS1_V1_5.
 */
export function invalidKeyMaterial(): KmsError {
  return new KmsError(
    "InvalidKeyMaterial",
    "The key material is not wrapped as the import token says, does not fit the key, or belongs to another key.",
  );
}

export function missingParameter(parameter: string): KmsError {
  return new KmsError("MissingParameter", `The parameter "${parameter}" is needed but not provided.`);
}

export function keyNotFound(): KmsError {
  return new KmsError("Forbidden.KeyNotFound", "The specified Key is not found.");
}

/** The error that a caller gets: our own unchanged, the reason of an abort, and an internal failure for anything else. */
export function publicError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof LanelockError) return error;
  if (signal?.aborted && error === signal.reason) return error;
  return new KmsError("InternalFailure", "Internal Failure.", { cause: error });
}

/** The outcome in the audit log: the error's code. */
export function outcomeOf(error: unknown): string {
  return error instanceof LanelockError ? error.code : "Aborted";
}
