import { Encrypter, generateIdentity, identityToRecipient } from "age-encryption";

export const AGE = "age-encryption";

const recipient = await identityToRecipient(await generateIdentity());

/** ChaCha20-Poly1305 in chunks of 64 KiB, in JavaScript. */
export function ageStream(source: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter.encrypt(source as ReadableStream<Uint8Array<ArrayBuffer>>);
}
