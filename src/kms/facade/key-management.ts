import * as operations from "../operations/index.ts";
import type { Operation } from "../operations/operation.ts";
import type { CallOptions } from "../ports/call-options.ts";

/**
 * The key management operations of the service: life cycle, aliases, versions, rotation, imports and tags. An operation that changes
 * something resolves when the change and its audit line are durable.
 */
export abstract class KeyManagement {
  /** Runs an operation on behalf of its caller. */
  protected abstract run<Request, Read, Response>(
    operation: Operation<Request, Read, Response>,
    request: Request,
    options: CallOptions | undefined,
  ): Promise<Response>;

  /**
   * Creates a CMK with its first version, enabled; with `origin: "EXTERNAL"` one that waits for imported material. KeySpecs, usages and
   * origins of each protection level are those of the service; anything else is `UnsupportedOperation`.
   *
   * @example
   * const { keyMetadata } = await kms.createKey({ keySpec: "Aliyun_AES_256", description: "orders" });
   */
  createKey(request: operations.CreateKeyRequest, options?: CallOptions): Promise<operations.CreateKeyResponse> {
    return this.run(operations.createKey, request, options);
  }

  /**
   * Everything known about a key except its material. Takes a key id, an alias or an ARN.
   *
   * @example
   * const { keyMetadata } = await kms.describeKey({ keyId: "alias/orders" });
   */
  describeKey(request: operations.DescribeKeyRequest, options?: CallOptions): Promise<operations.DescribeKeyResponse> {
    return this.run(operations.describeKey, request, options);
  }

  /**
   * Keys by age, 1 to 100 a page, under at most 10 filters.
   *
   * @example
   * const { keys, totalCount } = await kms.listKeys({ filters: [{ key: "KeyState", values: ["Enabled"] }], pageSize: 100 });
   */
  listKeys(request: operations.ListKeysRequest = {}, options?: CallOptions): Promise<operations.ListKeysResponse> {
    return this.run(operations.listKeys, request, options);
  }

  /**
   * Enables a disabled key. Succeeds if the key is already enabled; `Rejected.StateModifiedFailed` while its deletion is pending or it
   * waits for its import.
   *
   * @example
   * await kms.enableKey({ keyId });
   */
  enableKey(request: operations.KeyIdRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.enableKey, request, options);
  }

  /**
   * Disables a key: no operation uses it until it is enabled again. Other processes obey within `cache.checkMilliseconds`.
   *
   * @example
   * await kms.disableKey({ keyId });
   */
  disableKey(request: operations.KeyIdRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.disableKey, request, options);
  }

  /**
   * Disables a key and deletes it, with the material of all its versions, when the window of 7 to 366 days is over.
   * `Rejected.StateModifiedFailed` for a key with deletion protection.
   *
   * @example
   * await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 30 });
   */
  scheduleKeyDeletion(request: operations.ScheduleKeyDeletionRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.scheduleKeyDeletion, request, options);
  }

  /**
   * Cancels a scheduled deletion; the key is enabled then, or waits for its import if it has no material.
   *
   * @example
   * await kms.cancelKeyDeletion({ keyId });
   */
  cancelKeyDeletion(request: operations.KeyIdRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.cancelKeyDeletion, request, options);
  }

  /**
   * Replaces a key's description, of at most 8,192 characters.
   *
   * @example
   * await kms.updateKeyDescription({ keyId, description: "orders, since 2026" });
   */
  updateKeyDescription(request: operations.UpdateKeyDescriptionRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.updateKeyDescription, request, options);
  }

  /**
   * Switches deletion protection on or off: a protected key's deletion cannot be scheduled.
   *
   * @example
   * await kms.setDeletionProtection({ keyId, enableDeletionProtection: true });
   */
  setDeletionProtection(request: operations.SetDeletionProtectionRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.setDeletionProtection, request, options);
  }

  /**
   * Gives a key a name: `alias/` and 1 to 255 characters. `AliasAlreadyExists` where another key, or this one, has it.
   *
   * @example
   * await kms.createAlias({ keyId, aliasName: "alias/orders" });
   */
  createAlias(request: operations.AliasRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.createAlias, request, options);
  }

  /**
   * Points an alias at another key. `Forbidden.AliasNotFound` where there is no such alias.
   *
   * @example
   * await kms.updateAlias({ keyId: newKeyId, aliasName: "alias/orders" });
   */
  updateAlias(request: operations.AliasRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.updateAlias, request, options);
  }

  /**
   * Removes an alias; the key stays. `Forbidden.AliasNotFound` where there is no such alias.
   *
   * @example
   * await kms.deleteAlias({ aliasName: "alias/orders" });
   */
  deleteAlias(request: operations.DeleteAliasRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.deleteAlias, request, options);
  }

  /**
   * Aliases of all keys by name, 1 to 100 a page.
   *
   * @example
   * const { aliases } = await kms.listAliases({ pageSize: 100 });
   */
  listAliases(request: operations.PageFields = {}, options?: CallOptions): Promise<operations.ListAliasesResponse> {
    return this.run(operations.listAliases, request, options);
  }

  /**
   * Aliases of one key by name, 1 to 100 a page.
   *
   * @example
   * const { aliases } = await kms.listAliasesByKeyId({ keyId });
   */
  listAliasesByKeyId(
    request: operations.ListAliasesByKeyIdRequest,
    options?: CallOptions,
  ): Promise<operations.ListAliasesResponse> {
    return this.run(operations.listAliasesByKeyId, request, options);
  }

  /**
   * A key's versions, oldest first, 1 to 100 a page.
   *
   * @example
   * const { keyVersions } = await kms.listKeyVersions({ keyId: "alias/orders" });
   */
  listKeyVersions(
    request: operations.ListKeyVersionsRequest,
    options?: CallOptions,
  ): Promise<operations.ListKeyVersionsResponse> {
    return this.run(operations.listKeyVersions, request, options);
  }

  /**
   * When a version of a key was made. `Forbidden.KeyNotFound` for a version of another key.
   *
   * @example
   * const { keyVersion } = await kms.describeKeyVersion({ keyId, keyVersionId });
   */
  describeKeyVersion(
    request: operations.DescribeKeyVersionRequest,
    options?: CallOptions,
  ): Promise<operations.DescribeKeyVersionResponse> {
    return this.run(operations.describeKeyVersion, request, options);
  }

  /**
   * Switches the automatic rotation of a symmetric key on, at an interval of 7 to 730 days, or off. `UnsupportedOperation` for
   * asymmetric and imported keys.
   *
   * @example
   * await kms.updateRotationPolicy({ keyId, enableAutomaticRotation: true, rotationInterval: "365d" });
   */
  updateRotationPolicy(request: operations.UpdateRotationPolicyRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.updateRotationPolicy, request, options);
  }

  /**
   * Ours: gives a symmetric key a new primary version now. Old ciphertext decrypts for ever. `UnsupportedOperation` for asymmetric and
   * imported keys.
   *
   * @example
   * const { keyVersion } = await kms.rotateKey({ keyId });
   */
  rotateKey(request: operations.RotateKeyRequest, options?: CallOptions): Promise<operations.RotateKeyResponse> {
    return this.run(operations.rotateKey, request, options);
  }

  /**
   * Gives an asymmetric key another version, at least 7 days after the last; it may have 50.
   *
   * @example
   * const { keyVersion } = await kms.createKeyVersion({ keyId });
   */
  createKeyVersion(
    request: operations.CreateKeyVersionRequest,
    options?: CallOptions,
  ): Promise<operations.CreateKeyVersionResponse> {
    return this.run(operations.createKeyVersion, request, options);
  }

  /**
   * A public key to wrap material with and a token to import it by, for a key of origin EXTERNAL. Both are good for 24 hours.
   *
   * @example
   * const wrapping = { wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;
   * const { publicKey, importToken } = await kms.getParametersForImport({ keyId, ...wrapping });
   */
  getParametersForImport(
    request: operations.GetParametersForImportRequest,
    options?: CallOptions,
  ): Promise<operations.GetParametersForImportResponse> {
    return this.run(operations.getParametersForImport, request, options);
  }

  /**
   * Gives a key of origin EXTERNAL its material, or the same again, with another expiry if that is wanted. `InvalidKeyMaterial`,
   * `InvalidImportToken`, `ExpiredImportToken`.
   *
   * @example
   * await kms.importKeyMaterial({ keyId, importToken, encryptedKeyMaterial });
   */
  importKeyMaterial(request: operations.ImportKeyMaterialRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.importKeyMaterial, request, options);
  }

  /**
   * Destroys imported material; the key then waits for the same material to be imported again.
   *
   * @example
   * await kms.deleteKeyMaterial({ keyId });
   */
  deleteKeyMaterial(request: operations.KeyIdRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.deleteKeyMaterial, request, options);
  }

  /**
   * Adds tags to a key, which may have 10, or gives those it has new values. Keys and values have at most 128 characters.
   *
   * @example
   * await kms.tagResource({ keyId, tags: [{ tagKey: "team", tagValue: "payments" }] });
   */
  tagResource(request: operations.TagResourceRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.tagResource, request, options);
  }

  /**
   * Takes tags away; a missing one is not an error.
   *
   * @example
   * await kms.untagResource({ keyId, tagKeys: ["team"] });
   */
  untagResource(request: operations.UntagResourceRequest, options?: CallOptions): Promise<void> {
    return this.run(operations.untagResource, request, options);
  }

  /**
   * A key's tags, by tag key.
   *
   * @example
   * const { tags } = await kms.listResourceTags({ keyId });
   */
  listResourceTags(
    request: operations.KeyIdRequest,
    options?: CallOptions,
  ): Promise<operations.ListResourceTagsResponse> {
    return this.run(operations.listResourceTags, request, options);
  }
}
