/**
 * The KMS of a server: lanelock's, or Alibaba Cloud's. For Node, pages and edge runtimes.
 *
 * @module
 */
export type { CallOptions } from "../kms/ports/call-options.ts";
export { KmsError, type KmsErrorCode } from "../kms/ports/errors.ts";
export type { Credentials } from "./credentials.ts";
export { type KmsClient, kmsClient } from "./kms-client.ts";
export type { KmsClientOptions } from "./options.ts";
