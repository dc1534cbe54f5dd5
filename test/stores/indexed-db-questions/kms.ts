import { envelope } from "lanelock/envelope";
import { type Kms, rewrapStore, verifyStore } from "lanelock/kms";
import { browserRoot } from "lanelock/stores";
import { expect } from "vitest";
import { base64, bytes, deleteDatabase, fromBase64, opened, parts, refusal, text } from "./tools.ts";

/** The KMS that this tab keeps open from one question to the next. */
let kept: Kms | undefined;
const keptKms = () => kept ?? expect.unreachable("no KMS is open");

/** What the tests ask of a KMS in a page. */
export const kmsQuestions = {
  async open(name: string) {
    kept = await opened(name);
  },

  async close() {
    await kept?.close();
    kept = undefined;
  },

  async createKey(name: string, keySpec = "Aliyun_AES_256") {
    const { keyId } = (await keptKms().createKey({ keySpec: keySpec as "Aliyun_AES_256" })).keyMetadata;
    await keptKms().createAlias({ keyId, aliasName: `alias/${name}` });
    return keyId;
  },

  async encrypt(keyId: string, message: string) {
    const { ciphertextBlob } = await keptKms().encrypt({ keyId, plaintext: bytes(message) });
    return base64(ciphertextBlob);
  },

  async decrypt(blob: string) {
    return text((await keptKms().decrypt({ ciphertextBlob: fromBase64(blob) })).plaintext);
  },

  async sealEnvelope(keyId: string, message: string) {
    return base64(await envelope(keptKms(), { keyId }).seal(bytes(message)));
  },

  async openEnvelope(keyId: string, sealed: string) {
    return text(await envelope(keptKms(), { keyId }).open(fromBase64(sealed)));
  },

  /** A worker opens the same store and decrypts. */
  decryptInWorker: (name: string, blob: string) =>
    new Promise<unknown>((resolve, reject) => {
      const worker = new Worker("/stores.js", { type: "module" });
      worker.onmessage = ({ data }) => {
        worker.terminate();
        resolve(data);
      };
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage([name, blob]);
    }),

  rotate: async (keyId: string) => (await keptKms().rotateKey({ keyId })).keyVersion.keyVersionId,
  disable: (keyId: string) => keptKms().disableKey({ keyId }),
  refusalOfEncrypt: (keyId: string) => refusal(() => kmsQuestions.encrypt(keyId, "refused")),

  async versions(keyId: string) {
    const { keyVersions } = await keptKms().listKeyVersions({ keyId, pageSize: 100 });
    const { primaryKeyVersion } = (await keptKms().describeKey({ keyId })).keyMetadata;
    return { versions: keyVersions.map(({ keyVersionId }) => keyVersionId), primary: primaryKeyVersion };
  },

  async verify() {
    const { ok, problems } = await keptKms().verify();
    return { ok, problems };
  },

  verifyClosed: async (name: string) => (await verifyStore(parts(name))).problems,
  refusalOfOpening: (name: string) => refusal(async () => (await opened(name)).close()),

  /** Opens a store with a root key that a caller derived itself. */
  async openWithBytes(name: string, rootKey: string) {
    await (await opened(name, { rootKey: fromBase64(rootKey) })).close();
  },

  refusalOfRoot: (store: string, root: string) =>
    refusal(async () => (await opened(store, { rootKey: browserRoot({ name: root }) })).close()),

  async rewrap(name: string, newRoot: string) {
    await rewrapStore({ ...parts(name), newRootKey: browserRoot({ name: newRoot }) });
  },

  async openUnder(name: string, root: string) {
    kept = await opened(name, { rootKey: browserRoot({ name: root }) });
  },

  async useAuditFunction(name: string, milliseconds: number) {
    const events: string[] = [];
    const audit = async ({ operation }: { readonly operation: string }) => {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      await crypto.subtle.digest("SHA-256", bytes(operation));
      events.push(operation);
    };
    const kms = await opened(name, { audit: audit as never });
    const { keyId } = (await kms.createKey({})).keyMetadata;
    await Promise.all([kms.rotateKey({ keyId }), kms.createAlias({ keyId, aliasName: "alias/audited" })]);
    const { ok } = await kms.verify();
    await kms.close();
    return { ok, events: [...new Set(events)].sort() };
  },

  async cycles(name: string, count: number) {
    for (let round = 0; round < count; round++) {
      const kms = await opened(name);
      if (round === 0) await kms.createKey({});
      expect((await kms.listKeys({})).totalCount).toBe(1);
      await kms.close();
    }
    await deleteDatabase(`lanelock store ${name}`);
    await deleteDatabase(`lanelock root ${name}`);
  },
};
