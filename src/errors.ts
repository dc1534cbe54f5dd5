/**
 * Every code of a {@link LanelockError}, except the service's codes (`KmsError`). The set is closed.
 *
 * | code | meaning |
 * |---|---|
 * | `ERR_AUTHENTICATION` | the ciphertext is not one the key made: tag, MAC or asymmetric padding; nothing was released |
 * | `ERR_PADDING` | the padding is not valid PKCS#7; the same for every fault; nothing was released |
 * | `ERR_KEY` | a key has an unsupported length, type or encoding; or a root key is missing, or not the one of the store |
 * | `ERR_NONCE` | the nonce, IV or counter block has a length the mode does not take, or a list has a nonce twice |
 * | `ERR_LENGTH` | the data has a length the mode does not take, or a stream another length than its option says |
 * | `ERR_LIMIT` | the data is longer than the mode or the format takes, or there is no memory for the result or for another key |
 * | `ERR_BUFFER` | `into` is too small, or a buffer is detached or shared between threads |
 * | `ERR_ARGUMENT` | an argument has a wrong type, or an option an unknown name or a value outside its range |
 * | `ERR_STATE` | the object cannot do this now: it is disposed, or its stream has ended |
 * | `ERR_WASM` | the host cannot run the engine: no WebAssembly SIMD, a policy that forbids compilation, or no addresses left for its memory |
 * | `ERR_PROVIDER` | a key provider (a token, an external key manager) failed, or a KMS gave no proper answer; `cause`, where there is one, says how |
 * | `ERR_RANGE` | a byte range lies outside the message |
 * | `ERR_STORE` | the database, or the file or `Blob` to be read, cannot do it: full, read-only, damaged, locked, unreachable, closed; `cause` says how |
 * | `ERR_INTEGRITY` | something at rest is not what was written: a row was changed, moved or swapped |
 * | `ERR_AUDIT` | the audit log cannot be written, so the operation was not done |
 * | `ERR_UNSUPPORTED` | the platform cannot do this; the message says what it can |
 * | `ERR_WORKER` | a worker thread ended before its work was done, or none could start; its message is lost, others are not |
 * | `ERR_DEPENDENCY` | an optional package this feature needs is not installed; the message names it |
 */
export type LanelockErrorCode =
  | "ERR_AUTHENTICATION"
  | "ERR_PADDING"
  | "ERR_KEY"
  | "ERR_NONCE"
  | "ERR_LENGTH"
  | "ERR_LIMIT"
  | "ERR_BUFFER"
  | "ERR_ARGUMENT"
  | "ERR_STATE"
  | "ERR_WASM"
  | "ERR_PROVIDER"
  | "ERR_RANGE"
  | "ERR_STORE"
  | "ERR_INTEGRITY"
  | "ERR_AUDIT"
  | "ERR_UNSUPPORTED"
  | "ERR_WORKER"
  | "ERR_DEPENDENCY";

/**
 * Codes of an endpoint of the service, which answers them before, or instead of, an operation: signatures, access keys, the account.
 * Only a client meets them.
 */
export type EndpointErrorCode =
  | "InvalidAccessKeyId.NotFound"
  | "InvalidAccessKeyId.Inactive"
  | "InvalidSecurityToken.Expired"
  | "InvalidSecurityToken.MismatchWithAccessKey"
  | "IncompleteSignature"
  | "SignatureDoesNotMatch"
  | "SignatureNonceUsed"
  | "IllegalTimestamp"
  | "InvalidTimeStamp.Expired"
  | "InvalidAction.NotFound"
  | "InvalidVersion"
  | "UnsupportedHTTPMethod"
  | "ParseRequestParameterException"
  | "RequestEntityTooLarge"
  | "RequestTimeout"
  | "Rejected.Throttling"
  | "Rejected.ShareQuotaExceedLimit"
  | "Forbidden.AccessKey"
  | "Forbidden.KmsServiceNotEnabled"
  | "Forbidden.InDebt"
  | "Forbidden.InDebtOverdue"
  | "Forbidden.ProhibitedByRiskControl"
  | "Forbidden.DKMSInstanceNotFound";

/**
 * The service's own codes, which a `KmsError` has, spelt as the service spells them (`SerivceUnavailableTemporary`). The set is
 * closed.
 */
export type KmsErrorCode =
  | EndpointErrorCode
  | "InternalFailure"
  | "SerivceUnavailableTemporary"
  | "Forbidden.KeyNotFound"
  | "Forbidden.AliasNotFound"
  | "Forbidden.NoPermission"
  | "MissingParameter"
  | "InvalidParameter"
  | "Rejected.LimitExceeded"
  | "AliasAlreadyExists"
  | "InvalidKeyMaterial"
  | "InvalidImportToken"
  | "ExpiredImportToken"
  | "Unsupported.Origin"
  | "Unsupported.Alias"
  | "Unsupported.ProtectionLevel"
  | "UnsupportedOperation"
  | "Rejected.UnsupportedOperation"
  | "Rejected.Enabled"
  | "Rejected.Disabled"
  | "Rejected.PendingDeletion"
  | "Rejected.PendingImport"
  | "Rejected.StateModifiedFailed"
  | "DryRunOperationError";

/**
 * The root of every error this package throws on purpose. It has no type parameter: `instanceof` would make it `any`, and a
 * misspelt code would compile.
 *
 * @example
 * try {
 *   aead.open(nonce, sealed);
 * } catch (error) {
 *   if (error instanceof LanelockError && error.code === "ERR_AUTHENTICATION") refuse();
 *   else throw error;
 * }
 */
export class LanelockError extends Error {
  override readonly name: string = "LanelockError";
  /** The cause, for programs: messages may change, codes do not. */
  readonly code: LanelockErrorCode | KmsErrorCode;

  constructor(code: LanelockErrorCode | KmsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
