import type { Kms } from "../../kms/index.ts";

/** What `<key>` may be, in the help of every command that takes one. */
export const ANY_KEY = "key id, alias or ARN";

/**
 * The id of the key that a user named. The service's life-cycle operations take no alias, since it may come to mean another key between
 * the decision and the call; here both are one command.
 */
export async function keyIdOf(kms: Kms, key: string): Promise<string> {
  if (!/^alias\/|^acs:/.test(key)) return key;
  const { keyMetadata } = await kms.describeKey({ keyId: key });
  return keyMetadata.keyId;
}
