import { LanelockError } from "../../errors.ts";
import { textOf, utf8 } from "../../shared/utf8.ts";

/** An access key as the store keeps it, in a document that is sealed under the store's root key. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly status: "Active" | "Inactive";
  /** A RAM policy as JSON. */
  readonly policy: string;
  /** The security token that requests must also carry, as with temporary credentials of STS. */
  readonly securityToken?: string | undefined;
  /** Milliseconds since 1970, from when the access key is refused. */
  readonly expiresAt?: number | undefined;
}

const FORMAT = 1;

export function encodeAccessKeys(accessKeys: readonly AccessKey[]): Uint8Array {
  return utf8(JSON.stringify({ format: FORMAT, accessKeys }));
}

/** @throws LanelockError `ERR_INTEGRITY` for a document of a newer version of this package */
export function decodeAccessKeys(document: Uint8Array | undefined): readonly AccessKey[] {
  if (document === undefined) return [];
  const { format, accessKeys } = JSON.parse(textOf(document)) as {
    format: number;
    accessKeys: readonly AccessKey[];
  };
  if (format === FORMAT) return accessKeys;
  const message = `The access keys in the store have format ${format}. Open the store with the version that wrote them.`;
  throw new LanelockError("ERR_INTEGRITY", message);
}
