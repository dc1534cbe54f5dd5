type AccountResource = "key" | "alias" | "random" | "region" | "status";

/** Where the resource of an access comes from. */
export type Target =
  /** A field of the request that names a key: by id, ARN or alias. */
  | { readonly kind: "key"; readonly field: string }
  /** A field of the request that holds a ciphertext, which names the version of a key. */
  | { readonly kind: "blob"; readonly field: string }
  /** A field of the request that names an alias, which need not exist. */
  | { readonly kind: "alias"; readonly field: string }
  /** A resource of the account, not of one key. */
  | { readonly kind: "account"; readonly resource: AccountResource };

export interface AccessRule {
  /** Without `kms:`; the operation's own name where absent. */
  readonly actions?: readonly string[];
  readonly target: Target;
  /** Applies only if the request has this field, or only if it does not. */
  readonly where?: { readonly field: string; readonly given: boolean };
}

const key = (field = "keyId"): AccessRule => ({ target: { kind: "key", field } });
const blob = (field = "ciphertextBlob"): AccessRule => ({ target: { kind: "blob", field } });
const alias = (field = "aliasName"): AccessRule => ({ target: { kind: "alias", field } });
const account = (resource: AccountResource): AccessRule => ({ target: { kind: "account", resource } });

/**
 * What each operation needs: all of its accesses must be allowed. Resources are RAM's: `acs:kms:REGION:ACCOUNT:key/ID`,
 * `…:alias/NAME`, and `…:key`, `…:alias` for operations on no key in particular. An operation that is not here is refused.
 */
export const ACCESS: Readonly<Record<string, readonly AccessRule[]>> = {
  CreateKey: [account("key")],
  ListKeys: [account("key")],
  ListAliases: [account("alias")],
  GenerateRandom: [account("random")],
  DescribeRegions: [account("region")],
  DescribeAccountKmsStatus: [account("status")],

  DescribeKey: [key()],
  EnableKey: [key()],
  DisableKey: [key()],
  ScheduleKeyDeletion: [key()],
  CancelKeyDeletion: [key()],
  UpdateKeyDescription: [key()],
  SetDeletionProtection: [key("protectedResourceArn")],
  CreateKeyVersion: [key()],
  ListKeyVersions: [key()],
  DescribeKeyVersion: [key()],
  UpdateRotationPolicy: [key()],
  RotateKey: [key()],
  GetParametersForImport: [key()],
  ImportKeyMaterial: [key()],
  DeleteKeyMaterial: [key()],
  TagResource: [key()],
  UntagResource: [key()],
  ListResourceTags: [key()],
  ListAliasesByKeyId: [key()],
  CreateAlias: [key(), alias()],
  UpdateAlias: [key(), alias()],
  DeleteAlias: [alias()],

  Encrypt: [key()],
  GenerateDataKey: [key()],
  GenerateDataKeyWithoutPlaintext: [key()],
  GenerateAndExportDataKey: [key()],
  Decrypt: [blob()],
  ExportDataKey: [blob()],
  ReEncrypt: [
    {
      ...{ actions: ["ReEncryptFrom", "ReEncrypt"], target: { kind: "key", field: "sourceKeyId" } },
      where: { field: "sourceKeyId", given: true },
    },
    {
      ...{ actions: ["ReEncryptFrom", "ReEncrypt"], target: { kind: "blob", field: "ciphertextBlob" } },
      where: { field: "sourceKeyId", given: false },
    },
    { actions: ["ReEncryptTo", "ReEncrypt"], target: { kind: "key", field: "destinationKeyId" } },
  ],

  AsymmetricEncrypt: [key()],
  AsymmetricDecrypt: [key()],
  AsymmetricSign: [key()],
  AsymmetricVerify: [key()],
  GetPublicKey: [key()],
};
