// What a host makes of a client: run by client-hosts.test.ts in hosts that are neither Node nor a page.

/** @returns `works`, or the error of the first step that failed */
export async function tryClient({ kmsClient, envelope }, options) {
  try {
    const kms = kmsClient(options);
    const plaintext = Uint8Array.from({ length: 100 }, (_, index) => index);
    const { ciphertextBlob } = await kms.encrypt({ keyId: "alias/a", plaintext, encryptionContext: { a: "1" } });
    const opened = await kms.decrypt({ ciphertextBlob, encryptionContext: { a: "1" } });
    const files = envelope(kms, { keyId: "alias/a", cache: true, workers: 0 });
    const message = await files.seal(plaintext);
    const same = [opened.plaintext, await files.open(message)].every((bytes) => bytes.join() === plaintext.join());
    const refusal = await kms.describeKey({ keyId: "nobody" }).catch((error) => `${error.name} ${error.code}`);
    return same ? refusal : "other bytes";
  } catch (error) {
    return `${error.name} ${error.code}: ${error.message}`;
  }
}
