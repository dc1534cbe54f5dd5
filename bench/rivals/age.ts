export const AGE = "age-encryption";

/** ChaCha20-Poly1305 in chunks of 64 KiB, in JavaScript. Loaded when it is first used, as the AWS SDK is. */
export async function ageStream(source: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  encrypter.addRecipient(await recipient());
  return encrypter.encrypt(source as ReadableStream<Uint8Array<ArrayBuffer>>);
}

let known: Promise<string> | undefined;

function recipient(): Promise<string> {
  known ??= import("age-encryption").then(async ({ generateIdentity, identityToRecipient }) =>
    identityToRecipient(await generateIdentity()),
  );
  return known;
}
