import { Kms } from "lanelock/kms";
import { memoryStore, sqlStore } from "lanelock/stores";

/** What a page says of a KMS on a store in memory, and of one on a database. */
async function useStores(): Promise<unknown> {
  const rootKey = crypto.getRandomValues(new Uint8Array(32));
  const kms = await Kms.open({ store: memoryStore(), rootKey });
  const { keyId } = (await kms.createKey({})).keyMetadata;
  const encryptionContext = { page: "a" };
  const plaintext = new TextEncoder().encode("from a page");
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, encryptionContext });
  const { keyVersion } = await kms.rotateKey({ keyId });
  const opened = await kms.decrypt({ ciphertextBlob, encryptionContext, keyId });
  const refused = await kms.decrypt({ ciphertextBlob }).catch((error) => error.code);
  await kms.close();
  const text = new TextDecoder().decode(opened.plaintext);
  return { text, refused, rotated: keyVersion.keyVersionId !== opened.keyVersionId, sql: sqlCode() };
}

function sqlCode(): unknown {
  try {
    return sqlStore({ path: "keys.db" });
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

Object.assign(globalThis, { useStores });
