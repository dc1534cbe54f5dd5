import * as operations from "../operations/index.ts";
import type { CallOptions } from "../ports/call-options.ts";
import { KeyManagement } from "./key-management.ts";

/**
 * Every operation of the service as a method. A KMS in this process carries them out, and a client sends them to a KMS elsewhere: both
 * inherit them from here.
 */
export abstract class OperationsFacade extends KeyManagement {
  /**
   * Encrypts 0 to 6,144 bytes under the key's primary version: AES-256-GCM with a random IV of 12 bytes and a tag of 16 (SP 800-38D
   * §8.2.2), unless the key and the request say otherwise. A GCM blob is 64 bytes longer than the plaintext.
   *
   * @example
   * const { ciphertextBlob } = await kms.encrypt({ keyId: "alias/orders", plaintext, encryptionContext: { tenant: "42" } });
   */
  encrypt(request: operations.EncryptRequest, options?: CallOptions): Promise<operations.EncryptResponse> {
    return this.run(operations.encrypt, request, options);
  }

  /**
   * Decrypts a blob with the key and version it names. `InvalidParameter` for `CiphertextBlob` for every fault of it: changed, cut,
   * or made with another encryption context.
   *
   * @example
   * const { plaintext } = await kms.decrypt({ ciphertextBlob, encryptionContext: { tenant: "42" }, keyId: "alias/orders" });
   */
  decrypt(request: operations.DecryptRequest, options?: CallOptions): Promise<operations.DecryptResponse> {
    return this.run(operations.decrypt, request, options);
  }

  /**
   * Decrypts a blob and encrypts the plaintext under another key, or the same key's primary version, without showing it. With
   * `sourceKeyId` it takes what was encrypted under the public key of an RSA key.
   *
   * @example
   * const { ciphertextBlob: moved } = await kms.reEncrypt({ ciphertextBlob, destinationKeyId: "alias/archive" });
   */
  reEncrypt(request: operations.ReEncryptRequest, options?: CallOptions): Promise<operations.ReEncryptResponse> {
    return this.run(operations.reEncrypt, request, options);
  }

  /**
   * Draws a data key of 1 to 1,024 bytes, 32 unless asked, and encrypts it: the start of every envelope.
   *
   * @example
   * const { plaintext, ciphertextBlob } = await kms.generateDataKey({ keyId: "alias/orders", numberOfBytes: 32 });
   */
  generateDataKey(
    request: operations.GenerateDataKeyRequest,
    options?: CallOptions,
  ): Promise<operations.GenerateDataKeyResponse> {
    return this.run(operations.generateDataKey, request, options);
  }

  /**
   * Draws a data key like {@link generateDataKey} and answers with the encrypted key alone, for later use.
   *
   * @example
   * const { ciphertextBlob } = await kms.generateDataKeyWithoutPlaintext({ keyId: "alias/orders" });
   */
  generateDataKeyWithoutPlaintext(
    request: operations.GenerateDataKeyRequest,
    options?: CallOptions,
  ): Promise<operations.GenerateDataKeyWithoutPlaintextResponse> {
    return this.run(operations.generateDataKeyWithoutPlaintext, request, options);
  }

  /**
   * Ours: 1 to 1,024 random bytes.
   *
   * @example
   * const { random } = await kms.generateRandom({ length: 32 });
   */
  generateRandom(
    request: operations.GenerateRandomRequest,
    options?: CallOptions,
  ): Promise<operations.GenerateRandomResponse> {
    return this.run(operations.generateRandom, request, options);
  }

  /**
   * Draws a data key and answers with it encrypted twice: under the CMK, and under a recipient's RSA_2048 key.
   *
   * @example
   * const { exportedDataKey } = await kms.generateAndExportDataKey({ keyId, publicKeyBlob, ...wrapping });
   */
  generateAndExportDataKey(
    request: operations.GenerateAndExportDataKeyRequest,
    options?: CallOptions,
  ): Promise<operations.GenerateAndExportDataKeyResponse> {
    return this.run(operations.generateAndExportDataKey, request, options);
  }

  /**
   * Decrypts a data key and encrypts it under a recipient's RSA_2048 key, without showing it.
   *
   * @example
   * const { exportedDataKey } = await kms.exportDataKey({ ciphertextBlob, publicKeyBlob, ...wrapping });
   */
  exportDataKey(
    request: operations.ExportDataKeyRequest,
    options?: CallOptions,
  ): Promise<operations.ExportDataKeyResponse> {
    return this.run(operations.exportDataKey, request, options);
  }

  /**
   * Encrypts a short plaintext under a public key. The ciphertext is the standard's, without a header. The lengths that fit are at
   * {@link operations.AsymmetricEncryptRequest.plaintext}.
   *
   * @example
   * const { ciphertextBlob } = await kms.asymmetricEncrypt({ keyId, keyVersionId, plaintext });
   */
  asymmetricEncrypt(
    request: operations.AsymmetricEncryptRequest,
    options?: CallOptions,
  ): Promise<operations.AsymmetricEncryptResponse> {
    return this.run(operations.asymmetricEncrypt, request, options);
  }

  /**
   * Decrypts a ciphertext made under the public key. `InvalidParameter` for `CiphertextBlob`, whatever is wrong with it.
   *
   * @example
   * const { plaintext } = await kms.asymmetricDecrypt({ keyId, keyVersionId, ciphertextBlob });
   */
  asymmetricDecrypt(
    request: operations.AsymmetricDecryptRequest,
    options?: CallOptions,
  ): Promise<operations.AsymmetricDecryptResponse> {
    return this.run(operations.asymmetricDecrypt, request, options);
  }

  /**
   * Signs a digest of 32 bytes as it is, or a message.
   *
   * @example
   * const { value } = await kms.asymmetricSign({ keyId, keyVersionId, algorithm: "ECDSA_SHA_256", digest });
   */
  asymmetricSign(
    request: operations.AsymmetricSignRequest,
    options?: CallOptions,
  ): Promise<operations.AsymmetricSignResponse> {
    return this.run(operations.asymmetricSign, request, options);
  }

  /**
   * Verifies a signature. A bad one is `value: false`, no error.
   *
   * @example
   * const { value: good } = await kms.asymmetricVerify({ keyId, keyVersionId, digest, value });
   */
  asymmetricVerify(
    request: operations.AsymmetricVerifyRequest,
    options?: CallOptions,
  ): Promise<operations.AsymmetricVerifyResponse> {
    return this.run(operations.asymmetricVerify, request, options);
  }

  /**
   * The public key of a version, as PEM.
   *
   * @example
   * const { publicKey } = await kms.getPublicKey({ keyId, keyVersionId });
   */
  getPublicKey(
    request: operations.GetPublicKeyRequest,
    options?: CallOptions,
  ): Promise<operations.GetPublicKeyResponse> {
    return this.run(operations.getPublicKey, request, options);
  }
}

/** The operations of a KMS, in this process or behind a client. */
export type KmsOperations = Pick<OperationsFacade, keyof OperationsFacade>;
