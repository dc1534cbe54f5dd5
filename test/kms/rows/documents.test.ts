import type { KeyStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, expect, test } from "vitest";
import type { KeyBinding } from "../../../src/kms/ports/index.ts";
import { DOCUMENTS, readDocument, writeDocument } from "../../../src/kms/rows/documents.ts";
import { type BareContext, bareContext } from "../bare-context.ts";

const name = "access-keys";
const META = "document access-keys";
const content = new TextEncoder().encode("a secret of the server, longer than a block of the cipher");

let store: KeyStore;
let bare: BareContext;
beforeEach(async () => {
  store = memoryStore();
  bare = await bareContext(store);
});

const read = () => bare.core.read((rows) => readDocument(rows, bare.core.keys, name));
const write = (bytes: Uint8Array) =>
  bare.core.rows.write((rows) => writeDocument(rows, bare.core.keys, { name, content: bytes }));
const stored = () => store.read((rows) => rows.meta(META));

test("a document is absent until it is written, and is then the last that was", async () => {
  expect(DOCUMENTS).toEqual([name]);
  expect(await read()).toBeUndefined();
  for (const bytes of [content, new Uint8Array(0), Uint8Array.of(1, 2)]) {
    await write(bytes);
    expect(await read()).toEqual(bytes);
  }
});

test("a document is encrypted for its name and purpose", async () => {
  await write(content);
  const sealed = (await stored()) ?? new Uint8Array();
  expect(Buffer.from(sealed).includes(Buffer.from(content.subarray(0, 16)))).toBe(false);
  const binding: KeyBinding = {
    ...{ purpose: "document", keyId: name, versionId: "", keySpec: "Aliyun_AES_256", keyUsage: "ENCRYPT/DECRYPT" },
    ...{ origin: "Aliyun_KMS", protectionLevel: "SOFTWARE", mode: "NONE" },
  };
  const { keys } = bare.core;
  expect(keys.unwrap(binding, sealed)).toEqual(content);
  for (const other of [{ purpose: "key" }, { keyId: "other" }, { versionId: "1" }, { mode: "GCM" }] as const) {
    const unwrap = () => keys.unwrap({ ...binding, ...other }, sealed);
    expect(unwrap).toThrow(expect.objectContaining({ code: "ERR_INTEGRITY" }));
  }
});

test("a document that was changed or put back is refused", async () => {
  await write(content);
  const first = (await stored()) ?? new Uint8Array();
  await write(content);
  const second = (await stored()) ?? new Uint8Array();
  expect(second).not.toEqual(first);
  for (const wrong of [first, second.map((byte, at) => (at === 20 ? byte ^ 1 : byte)), new Uint8Array(0)]) {
    await store.write((rows) => rows.putMeta(META, wrong));
    await expect(read()).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
  }
});
