import { type Credentials, type KmsClientOptions, kmsClient } from "lanelock/client";
import { envelope } from "lanelock/envelope";

// What a page does with a KMS on a server, asked of it from outside.

export interface ClientRequest {
  readonly endpoint: string;
  readonly credentials: Credentials;
  /** A message that Node sealed, in Base64. */
  readonly message: string;
}

export interface ClientAnswer {
  readonly opened: readonly number[];
  readonly sealed: string;
  readonly refused: readonly unknown[];
}

const refusalOf = (call: Promise<unknown>) =>
  call.then(
    () => "it succeeded",
    (error: { name?: unknown; code?: unknown; requestId?: unknown }) => [
      error.name,
      error.code,
      typeof error.requestId,
    ],
  );

async function useClient({ endpoint, credentials, message }: ClientRequest): Promise<ClientAnswer> {
  const options: KmsClientOptions = { endpoint, credentials: async () => credentials };
  const kms = kmsClient(options);
  await using files = envelope(kms, { keyId: "alias/page", encryptionContext: { é: "1" } });
  const given = Uint8Array.from(atob(message), (character) => character.charCodeAt(0));
  const opened = await files.open(given);
  const sealed = await files.seal(opened.map((byte) => byte ^ 1));
  const refused = [
    await refusalOf(kms.describeKey({ keyId: "nobody" })),
    await refusalOf(kmsClient({ ...options, credentials: { ...credentials, accessKeySecret: "another" } }).listKeys()),
  ];
  return { opened: [...opened], sealed: btoa(String.fromCharCode(...sealed)), refused };
}

async function callFromElsewhere({ endpoint, credentials }: ClientRequest): Promise<unknown> {
  return refusalOf(kmsClient({ endpoint, credentials, retries: 0 }).listKeys());
}

async function failureMessage({ endpoint, credentials }: ClientRequest): Promise<string> {
  return kmsClient({ endpoint, credentials })
    .listKeys()
    .then(
      () => "it succeeded",
      (error: Error) => error.message,
    );
}

Object.assign(globalThis, { useClient, callFromElsewhere, failureMessage });
