import type { KeyBinding } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import type { TrustedReader } from "./trusted-reader.ts";
import type { TrustedWriter } from "./trusted-writer.ts";

/** Documents that the server keeps in the store, encrypted under a key of the root key. */
export const DOCUMENTS = ["access-keys"] as const;
export type DocumentName = (typeof DOCUMENTS)[number];

/** @throws LanelockError `ERR_INTEGRITY` for a document that is not what was written */
export async function readDocument(
  rows: Pick<TrustedReader, "meta">,
  keys: StoreKeys,
  name: DocumentName,
): Promise<Uint8Array | undefined> {
  const sealed = await rows.meta(metaName(name));
  return sealed && keys.unwrap(bindingOf(name), sealed);
}

export async function writeDocument(
  rows: Pick<TrustedWriter, "putMeta">,
  keys: StoreKeys,
  { name, content }: { readonly name: DocumentName; readonly content: Uint8Array },
): Promise<void> {
  await rows.putMeta(metaName(name), keys.wrap(bindingOf(name), content));
}

function metaName(name: DocumentName): string {
  return `document ${name}`;
}

function bindingOf(name: DocumentName): KeyBinding {
  return {
    ...{ purpose: "document", keyId: name, versionId: "", keySpec: "Aliyun_AES_256", keyUsage: "ENCRYPT/DECRYPT" },
    ...{ origin: "Aliyun_KMS", protectionLevel: "SOFTWARE", mode: "NONE" },
  };
}
