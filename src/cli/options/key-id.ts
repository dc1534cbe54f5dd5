import type { KmsOperations } from "../../kms/index.ts";

/** The help text for `<key>` of every command that takes one. */
export const ANY_KEY = "key id, alias or ARN";

/**
 * The id of the key that a user named. The service's life-cycle operations take no alias, because it may move to another key between
 * the decision and the call; here both happen in one command.
 */
export async function keyIdOf(kms: KmsOperations, key: string): Promise<string> {
  if (!/^alias\/|^acs:/.test(key)) return key;
  const { keyMetadata } = await kms.describeKey({ keyId: key });
  return keyMetadata.keyId;
}
