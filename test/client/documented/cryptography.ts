import { ASYMMETRIC_KEY, BLOB, base64, type DocumentedExample, KEY, VERSION } from "./example.ts";

const encryptionContext = { Example: "Example" };
const EncryptionContext = '{"Example":"Example"}';
const HELLO = "SGVsbG8gd29ybGQ=";
const CIPHERTEXT =
  "BQKP+1zK6+ZEMxTP5qaVzcsgXtWplYBKm0NXdSnB5FzliFxE1bSiu4dnEIlca2JpeH7yz1/S6fed630H+hIH6DoM25fTLNcKj+mFB0Xnh9m2+HN59Mn4qyTf" +
  "cUeadnfCXSWcGBouhXFwcdd2rJ3n337bzTf4jm659gZu3L0i6PLuxM9p7mqdwO0cKJPfGVfhnfMz+f4alMg79WB/NNyE2lyX7/qxvV49ObNrrJbKSFiz8Djo" +
  "caf0IESNLMbfYI5bXjWkJlX92DQbKhibtQW8ZOJ//ZC6t0AWcUoKL6QDm/dg5koQalcleRinpB+QadFm894sLbVZ9+N4GVsv1Wbjwg==";
const DIGEST = "ZOyIygCyaOW6GjVnihtTFtIS9PNmskdyMlNKiuyjfzw=";
const SIGNATURE =
  "M2CceNZH00ZgL9ED/ZHFp21YRAvYeZHknJUc207OCZ0N9wNn9As4z2bON3FF3je+1Nu+2+/8Zj50HpMTpzYpMp2R93cYmACCmhaYoKydxylbyGzJR8y9likZ" +
  "RCrkD38lRoS40aBBvv/6iRKzQuo9EGYVcel36cMNg00VmYNBy3pa1rwg3gA4l3cy6kjayZja1WGPkVhrVKsrJMdbpl0ApLjXKuD8rw1n1XLCwCUEL5eLPljT" +
  "ZaAveqdOFQOiZnZEGI27qIiZe7I1fN8tcz6anS/gTM7xRKE++5egEvRWlTQQTJeApnPSiUPA+8ZykNdelQsOQh5SrGoyI4A5pq3a/w==";
/** The pages mask its end; here it ends as the key of GetPublicKey's page does. */
const RECIPIENT =
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAs5Yu9AEgATN2/e3nUz1KEy6ng8MSPutcse2/VECG/NUF9C6D4IsJ64ShzY3dcn34WYzTOe916eMJ" +
  "FxyrNrSwHtc4UOR5AvaoRrfpgu2uq+i70/ZXrWL+pGb1hgZV8cWheIHMxwrR3IiQlM5qN7EF9BdyWtyBfUGsp0Bn1VqlPc5G0x0a9xU2z9YtP994yDenNVIo" +
  "IQ6Cov1lIEuwXAb27boC41ePXwD0JWt41sP+rgCmpjBx00puIG+IlnoReEgI1ZGYmK98GgA/XzmNjZiDyvXJZAcM33Ue85+PkR5iHTtSEbi4QAoqpJabprUz" +
  "z3Fin2j1dRrcacxGb7p31A9cJQIDAQAB";
const PEM = `-----BEGIN PUBLIC KEY-----\n${RECIPIENT.replace(/.{64}(?=.)/g, "$&\n")}\n-----END PUBLIC KEY-----\n`;

const asymmetric = { keyId: ASYMMETRIC_KEY, keyVersionId: VERSION };
const ASYMMETRIC = `KeyId=${ASYMMETRIC_KEY}&KeyVersionId=${VERSION}`;
const wrapping = { wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;

/** The same members in most answers. */
const Named = { KeyId: "599fa825-17de-417e-9554-bb032cc6****", KeyVersionId: VERSION };
const named = { keyId: "599fa825-17de-417e-9554-bb032cc6****", keyVersionId: VERSION };
const AsymmetricNamed = { KeyId: ASYMMETRIC_KEY, KeyVersionId: VERSION };

export const CRYPTOGRAPHY_EXAMPLES: Readonly<Record<string, DocumentedExample>> = {
  Encrypt: {
    source: "DOC21 intl.en-US/API Reference/API list/Encrypt.md",
    printed: `Action=Encrypt&KeyId=<cmkid or aliasname>&Plaintext=<data need encrypt>&EncryptionContext=${EncryptionContext}`,
    // The key and the plaintext, there masked, of help/en/key-management-service/latest/encrypt.
    parameters: { KeyId: KEY, Plaintext: HELLO },
    call: (kms) => kms.encrypt({ keyId: KEY, plaintext: new TextEncoder().encode("Hello world"), encryptionContext }),
    // The page has the word CiphertextBlob for the ciphertext.
    answer: {
      KeyId: "your-key-id",
      KeyVersionId: "2ab1a983-7072-4bbc-a582-584b5bd8ecf3",
      CiphertextBlob: BLOB,
      RequestId: "475f1620-b9d3-4d35-b5c6-3fbdd941423d",
    },
    answered: {
      keyId: "your-key-id",
      keyVersionId: "2ab1a983-7072-4bbc-a582-584b5bd8ecf3",
      ciphertextBlob: base64(BLOB),
      iv: undefined,
    },
  },
  Decrypt: {
    source: "DOC21 intl.en-US/API Reference/API list/Decrypt.md; its answer from help/doc-detail/28950.htm",
    printed: `Action=Decrypt&CiphertextBlob=<your ciphertextblob>&EncryptionContext=${EncryptionContext}`,
    parameters: { CiphertextBlob: BLOB },
    call: (kms) => kms.decrypt({ ciphertextBlob: base64(BLOB), encryptionContext }),
    // The page masks the plaintext's end.
    answer: {
      KeyId: "202b9877-5a25-46e3-a763-e20791b5****",
      KeyVersionId: VERSION,
      Plaintext: "tRYXuCwgja12xxO1N/gZERDDCLw9doZEQiPDk/BvAAAA",
      RequestId: "207596a2-36d3-4840-b1bd-f87044699bd7",
    },
    answered: {
      keyId: "202b9877-5a25-46e3-a763-e20791b5****",
      keyVersionId: VERSION,
      plaintext: base64("tRYXuCwgja12xxO1N/gZERDDCLw9doZEQiPDk/BvAAAA"),
    },
  },
  ReEncrypt: {
    source: "the table of help/doc-detail/176707.htm, for a ciphertext under a public key",
    parameters: {
      CiphertextBlob: BLOB,
      DestinationKeyId: KEY,
      SourceKeyId: ASYMMETRIC_KEY,
      SourceKeyVersionId: VERSION,
      SourceEncryptionAlgorithm: "RSAES_OAEP_SHA_256",
      DestinationEncryptionContext: EncryptionContext,
    },
    call: (kms) =>
      kms.reEncrypt({
        ciphertextBlob: base64(BLOB),
        destinationKeyId: KEY,
        sourceKeyId: ASYMMETRIC_KEY,
        sourceKeyVersionId: VERSION,
        sourceEncryptionAlgorithm: "RSAES_OAEP_SHA_256",
        destinationEncryptionContext: encryptionContext,
      }),
    answer: { ...Named, CiphertextBlob: BLOB, RequestId: "207596a2-36d3-4840-b1bd-f87044699bd7" },
    answered: { ...named, ciphertextBlob: base64(BLOB) },
  },
  GenerateDataKey: {
    source: "DOC21 intl.en-US/API Reference/Key/GenerateDataKey.md",
    printed: `Action=GenerateDataKey&KeyId=${KEY}`,
    // The page's plaintext has 24 bytes. The default is 32, and a client that took fewer would not notice a weaker key.
    parameters: { NumberOfBytes: "24" },
    call: (kms) => kms.generateDataKey({ keyId: KEY, numberOfBytes: 24 }),
    answer: {
      ...Named,
      CiphertextBlob: BLOB,
      Plaintext: "QmFzZTY0IGVuY29kZWQgcGxhaW50ZXh0",
      RequestId: "7021b6ec-4be7-4d3c-8a68-1e85d4d515a0",
    },
    answered: {
      ...named,
      ciphertextBlob: base64(BLOB),
      plaintext: new TextEncoder().encode("Base64 encoded plaintext"),
    },
  },
  GenerateDataKeyWithoutPlaintext: {
    source: "DOC21 cn.zh-CN/API 参考/API列表/GenerateDataKeyWithoutPlaintext.md",
    printed: `Action=GenerateDataKey&KeyId=<cmkid or aliasname>&KeySpec=AES_256&EncryptionContext=${EncryptionContext}`,
    // The page names the other operation.
    parameters: { Action: "GenerateDataKeyWithoutPlaintext", KeyId: KEY },
    call: (kms) => kms.generateDataKeyWithoutPlaintext({ keyId: KEY, keySpec: "AES_256", encryptionContext }),
    answer: { ...Named, CiphertextBlob: BLOB, RequestId: "7021b6ec-4be7-4d3c-8a68-1e85d4d515a0" },
    answered: { ...named, ciphertextBlob: base64(BLOB) },
  },
  GenerateAndExportDataKey: {
    source: "the table of help.aliyun.com/document_detail/176804.html",
    parameters: {
      KeyId: KEY,
      PublicKeyBlob: RECIPIENT,
      WrappingAlgorithm: "RSAES_OAEP_SHA_256",
      WrappingKeySpec: "RSA_2048",
      KeySpec: "AES_256",
    },
    call: (kms) =>
      kms.generateAndExportDataKey({
        keyId: KEY,
        publicKeyBlob: base64(RECIPIENT),
        keySpec: "AES_256",
        ...wrapping,
      }),
    answer: {
      ...Named,
      CiphertextBlob: BLOB,
      ExportedDataKey: CIPHERTEXT,
      RequestId: "4bd560a1-729e-45f1-a3d9-b2a33d61046b",
    },
    answered: { ...named, ciphertextBlob: base64(BLOB), exportedDataKey: base64(CIPHERTEXT) },
  },
  ExportDataKey: {
    source: "the table of help/zh/key-management-service/latest/exportdatakey",
    parameters: {
      CiphertextBlob: BLOB,
      PublicKeyBlob: RECIPIENT,
      WrappingAlgorithm: "RSAES_OAEP_SHA_256",
      WrappingKeySpec: "RSA_2048",
      EncryptionContext,
    },
    call: (kms) =>
      kms.exportDataKey({
        ciphertextBlob: base64(BLOB),
        publicKeyBlob: base64(RECIPIENT),
        encryptionContext,
        dataKeyEncoding: "base64",
        ...wrapping,
      }),
    answer: { ...Named, ExportedDataKey: CIPHERTEXT, RequestId: "4bd560a1-729e-45f1-a3d9-b2a33d61046b" },
    answered: { ...named, exportedDataKey: base64(CIPHERTEXT) },
  },
  GenerateRandom: {
    source: "ours: among the operations of the service's HTTP interface there is none",
    parameters: { Length: "9" },
    call: (kms) => kms.generateRandom({ length: 9 }),
    answer: { Random: "Base64String", RequestId: "R-1" },
    answered: { random: base64("Base64String") },
  },
  AsymmetricEncrypt: {
    source: "DOC21 intl.en-US/API Reference/Key/AsymmetricEncrypt.md",
    printed: `Action=AsymmetricEncrypt&${ASYMMETRIC}&Algorithm=RSAES_OAEP_SHA_1&Plaintext=${HELLO}`,
    call: (kms) =>
      kms.asymmetricEncrypt({
        ...asymmetric,
        algorithm: "RSAES_OAEP_SHA_1",
        plaintext: new TextEncoder().encode("Hello world"),
      }),
    answer: {
      ...AsymmetricNamed,
      CiphertextBlob: CIPHERTEXT,
      RequestId: "475f1620-b9d3-4d35-b5c6-3fbdd941423d",
    },
    answered: { ...asymmetric, ciphertextBlob: base64(CIPHERTEXT) },
  },
  AsymmetricDecrypt: {
    source: "DOC21 intl.en-US/API Reference/Key/AsymmetricDecrypt.md",
    printed: `Action=AsymmetricDecrypt&Algorithm=RSAES_OAEP_SHA_1&CiphertextBlob=${CIPHERTEXT}&${ASYMMETRIC}`,
    call: (kms) =>
      kms.asymmetricDecrypt({ ...asymmetric, algorithm: "RSAES_OAEP_SHA_1", ciphertextBlob: base64(CIPHERTEXT) }),
    answer: { ...AsymmetricNamed, Plaintext: HELLO, RequestId: "475f1620-b9d3-4d35-b5c6-3fbdd941423d" },
    answered: { ...asymmetric, plaintext: new TextEncoder().encode("Hello world") },
  },
  AsymmetricSign: {
    source: "DOC21 intl.en-US/API Reference/Key/AsymmetricSign.md",
    printed: `Action=AsymmetricSign&Algorithm=RSA_PSS_SHA_256&Digest=ZOyIygCyaOW6GjVnihtTFtIS9PNmskdyMlNKiu****=&${ASYMMETRIC}`,
    // Whole on AsymmetricVerify's page, like the signature.
    parameters: { Digest: DIGEST },
    call: (kms) => kms.asymmetricSign({ ...asymmetric, algorithm: "RSA_PSS_SHA_256", digest: base64(DIGEST) }),
    answer: { ...AsymmetricNamed, Value: SIGNATURE, RequestId: "475f1620-b9d3-4d35-b5c6-3fbdd941423d" },
    answered: { ...asymmetric, value: base64(SIGNATURE) },
  },
  AsymmetricVerify: {
    source: "DOC21 intl.en-US/API Reference/Key/AsymmetricVerify.md",
    printed: `Action=AsymmetricVerify&${ASYMMETRIC}&Algorithm=RSA_PSS_SHA_256&Digest=${DIGEST}&Value=${SIGNATURE}`,
    call: (kms) =>
      kms.asymmetricVerify({
        ...asymmetric,
        algorithm: "RSA_PSS_SHA_256",
        digest: base64(DIGEST),
        value: base64(SIGNATURE),
      }),
    answer: { ...AsymmetricNamed, Value: true, RequestId: "475f1620-b9d3-4d35-b5c6-3fbdd941423d" },
    answered: { ...asymmetric, value: true },
  },
  GetPublicKey: {
    source: "help/en/key-management-service/latest/getpublickey",
    printed: `Action=GetPublicKey&${ASYMMETRIC}`,
    call: (kms) => kms.getPublicKey(asymmetric),
    answer: { ...AsymmetricNamed, PublicKey: PEM, RequestId: "475f1620-b9d3-4d35-b5c6-3fbdd941423d" },
    answered: { ...asymmetric, publicKey: PEM },
  },
};
