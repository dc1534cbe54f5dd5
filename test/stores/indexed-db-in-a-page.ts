import { envelope } from "lanelock/envelope";
import { Kms, type KmsOptions, rewrapStore, type StoreWriter, verifyStore } from "lanelock/kms";
import { browserRoot, indexedDbStore } from "lanelock/stores";
import { expect } from "vitest";
import { testStoreContract } from "../contract/store.ts";
import { runRegistered } from "../hosts/stand-ins/vitest.ts";

// What the tests of IndexedDB ask of a page. Everything that goes in or comes out is JSON.

let databases = 0;

testStoreContract("IndexedDB", async () => {
  const name = `contract ${databases++}`;
  return {
    connect: () => indexedDbStore({ name }),
    dispose: () => deleteDatabase(`lanelock store ${name}`),
  };
});

/** Rejects if a connection is open, which a store that was closed must not have. */
function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error(`${name} is still open`));
  });
}

/** A connection of no lanelock's, which lets go of the database only when it is closed. */
function rawDatabase(name: string, version?: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);
const base64 = (value: Uint8Array) => btoa(String.fromCharCode(...value));
const fromBase64 = (value: string) => Uint8Array.from(atob(value), (character) => character.charCodeAt(0));

const parts = (name: string, rest: Partial<KmsOptions> = {}) => ({
  store: indexedDbStore({ name }),
  rootKey: browserRoot({ name }),
  sweepSeconds: false as const,
  ...rest,
});

const opened = (name: string, rest?: Partial<KmsOptions>) => Kms.open(parts(name, rest));

/** `code: message` of what a call rejects with, or "resolved". */
async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
    return "resolved";
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    // A DOMException's code is a number.
    const code = Reflect.get(error, "code");
    return `${typeof code === "string" ? code : error.name}: ${error.message}`;
  }
}

/** Waits for a task that no request keeps a transaction alive for. */
function aMessage(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

interface Spoiling {
  readonly table: string;
  readonly key?: string;
  readonly column: string;
  readonly as: "text" | "number" | "flag" | "long" | "missing";
}

/** The KMS that this tab keeps open from one question to the next. */
let kept: Kms | undefined;
const keptKms = () => kept ?? expect.unreachable("no KMS is open");

const questions = {
  runSuites: runRegistered,

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
  refusalOfEncrypt: (keyId: string) => refusal(() => questions.encrypt(keyId, "refused")),

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

  /** Adds to a count `times` times; each addition is a read and a write, with a wait between them that no request keeps alive. */
  async count(name: string, times: number) {
    const store = indexedDbStore({ name });
    await store.open();
    for (let i = 0; i < times; i++) {
      await store.write(async (rows) => {
        const before = (await rows.meta("count"))?.[0] ?? 0;
        if (i % 2 === 0) await aMessage();
        await rows.putMeta("count", Uint8Array.of(before + 1));
      });
    }
    const count = await store.read((rows) => rows.meta("count"));
    await store.close();
    return count?.[0];
  },

  /** A transaction that waits for timers and WebCrypto between its requests, and then fails or not. */
  async waitInside(name: string, fails: boolean) {
    const store = indexedDbStore({ name });
    await store.open();
    const reason = new Error("changed my mind");
    const said = await refusal(() =>
      store.write(async (rows) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await rows.putMeta("first", Uint8Array.of(1));
        await crypto.subtle.digest("SHA-256", new Uint8Array(64));
        expect(await rows.meta("first")).toEqual(Uint8Array.of(1));
        await new Promise((resolve) => setTimeout(resolve, 20));
        await rows.putMeta("second", Uint8Array.of(2));
        if (fails) throw reason;
      }),
    );
    const metas = await store.read((rows) => rows.metas());
    await store.close();
    return { said, metas: metas.map((row) => row.name) };
  },

  /** Moves amounts between two rows for ever. `moves` counts what was acknowledged. */
  async moveForEver(name: string) {
    const store = indexedDbStore({ name });
    await store.open();
    for (;;) {
      await store.write(async (rows) => {
        const [a = 0, b = 0] = [(await rows.meta("a"))?.[0], (await rows.meta("b"))?.[0]];
        const moves = new DataView((await rows.meta("moves"))?.buffer ?? new ArrayBuffer(4)).getUint32(0) + 1;
        await rows.putMeta("a", Uint8Array.of(a + 1));
        await rows.putMeta("b", Uint8Array.of(b - 1));
        await rows.putMeta("moves", Uint8Array.of(moves >> 24, moves >> 16, moves >> 8, moves));
      });
      Object.assign(globalThis, { acknowledged: Number(Reflect.get(globalThis, "acknowledged") ?? 0) + 1 });
    }
  },

  /** Resolves once as many moves were acknowledged in this tab, with how many there are. */
  async acknowledged(count: number) {
    for (;;) {
      const acknowledged = Number(Reflect.get(globalThis, "acknowledged") ?? 0);
      if (acknowledged >= count) return acknowledged;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },

  async moved(name: string) {
    const store = indexedDbStore({ name });
    await store.open();
    const result = await store.read(async (rows) => {
      const [a = 0, b = 0] = [(await rows.meta("a"))?.[0], (await rows.meta("b"))?.[0]];
      const moves = new DataView((await rows.meta("moves"))?.buffer ?? new ArrayBuffer(4)).getUint32(0);
      return { sum: (a + b) & 0xff, moves };
    });
    await store.close();
    return result;
  },

  /** Ids are new once over all tabs. */
  async remember(name: string, ids: readonly number[], until: number) {
    const store = indexedDbStore({ name });
    await store.open();
    const isNew = await store.remember?.(ids.map((id) => ({ id: new Uint8Array(16).fill(id), until })));
    await store.close();
    return isNew;
  },

  async claim(name: string) {
    const store = indexedDbStore({ name });
    await store.open();
    return (await store.claim("page")) !== undefined;
  },

  /** Whether a claim is lost once a script has stolen its lock. */
  async claimStolen(name: string) {
    const store = indexedDbStore({ name });
    await store.open();
    const claim = await store.claim("page");
    const before = claim?.lost;
    await navigator.locks.request(`lanelock store ${name} page`, { steal: true }, async () => undefined);
    await claim?.check();
    const after = claim?.lost;
    await claim?.release();
    await store.close();
    return { before, after };
  },

  /** A value that the browser refuses to keep, as it does CryptoKeys in private windows of some. */
  async refusalOfValue(name: string) {
    const store = indexedDbStore({ name });
    await store.open();
    const said = await refusal(() => store.write((rows) => rows.putMeta("refused", (() => undefined) as never)));
    await store.close();
    return said;
  },

  refusalOfNew: (name: string) => refusal(() => indexedDbStore({ name, create: false }).open()),

  /** Opens a store and keeps it. */
  async hold(name: string) {
    const store = indexedDbStore({ name });
    await store.open();
    Object.assign(globalThis, { held: store });
  },

  refusalOfHeld: () => refusal(() => Reflect.get(globalThis, "held").write(async () => undefined)),

  /** Resolves once a transaction has begun that never ends. */
  holdTransaction: () =>
    new Promise<void>((begun) => {
      Reflect.get(globalThis, "held").write(async (rows: StoreWriter) => {
        await rows.meta("store-id");
        begun();
        await new Promise(() => undefined);
      });
    }),

  deleteDatabase,

  /** A database of another program, of the version that a console makes. */
  async makeForeign(name: string) {
    const request = indexedDB.open(`lanelock store ${name}`, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("meta");
    (await settled(request)).close();
  },

  /** What is said while a row has a value that has another type, or is missing. @param key absent for the first row */
  async whileSpoiled(name: string, { table, key, column, as }: Spoiling) {
    const database = await rawDatabase(`lanelock store ${name}`);
    const rows = () => database.transaction(table, "readwrite").objectStore(table);
    const row = key === undefined ? (await settled(rows().getAll()))[0] : await settled(rows().get(key));
    const value = row[column];
    const asText = () => (ArrayBuffer.isView(value) ? text(value as Uint8Array) : String(value));
    const spoiled = { text: asText(), number: 7, flag: true, long: new Uint8Array(4_096) };
    await settled(rows().put(as === "missing" ? { ...row, [column]: undefined } : { ...row, [column]: spoiled[as] }));
    const opening = await refusal(async () => {
      const kms = await opened(name);
      try {
        await kms.listKeys({});
      } finally {
        await kms.close();
      }
    });
    let problems: readonly string[] = [];
    const verifying = await refusal(async () => {
      ({ problems } = await verifyStore(parts(name)));
    });
    await settled(rows().put(row));
    database.close();
    return { opening, verifying, problems: [...problems] };
  },

  /** Puts back every row as it was, once the KMS has changed some. @returns what the next opening says */
  async rollBack(name: string, withAnchor: boolean) {
    let state: string | undefined;
    const anchor = {
      read: () => state,
      write: (latest: string) => {
        state = latest;
      },
    };
    const openAgain = () => opened(name, withAnchor ? { anchor } : {});
    const kms = await openAgain();
    const { keyId } = (await kms.createKey({})).keyMetadata;
    await kms.close();
    const database = await rawDatabase(`lanelock store ${name}`);
    const tables = [...database.objectStoreNames];
    const older = await Promise.all(
      tables.map((table) => settled(database.transaction(table).objectStore(table).getAll())),
    );
    const later = await openAgain();
    await later.disableKey({ keyId });
    await later.close();
    const transaction = database.transaction(tables, "readwrite");
    tables.forEach((table, number) => {
      transaction.objectStore(table).clear();
      for (const row of older[number] ?? []) transaction.objectStore(table).put(row);
    });
    await new Promise((resolve) => {
      transaction.oncomplete = resolve;
    });
    database.close();
    return refusal(async () => (await openAgain()).close());
  },

  /** A database of another program, or another version, which stays open. */
  async openRaw(name: string, version?: number) {
    Object.assign(globalThis, { raw: await rawDatabase(name, version) });
  },

  /** What a database says that another tab keeps open. */
  refusalOfStore: (name: string) =>
    refusal(async () => {
      const store = indexedDbStore({ name });
      await store.open();
      await store.close();
    }),

  /** A root key of known bytes, as if the browser had made it. */
  async plantRoot(name: string, key: string) {
    await refusal(() => browserRoot({ name }).unlock({ storeId: "-" }));
    const database = await rawDatabase(`lanelock root ${name}`);
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const planted = await crypto.subtle.importKey("raw", fromBase64(key), hmac, false, ["sign"]);
    const store = database.transaction("root", "readwrite").objectStore("root");
    const row = await settled(store.get("root"));
    await settled(store.put({ ...row, key: planted }, "root"));
    database.close();
  },

  /** What the next opening says when a value of the root's row is a text. */
  async whileRootSpoiled(name: string, column: "key" | "id" | "storeId" | "row") {
    const database = await rawDatabase(`lanelock root ${name}`);
    const rows = () => database.transaction("root", "readwrite").objectStore("root");
    const row = await settled(rows().get("root"));
    await settled(
      rows().put(column === "row" ? "spoiled" : { ...row, [column]: column === "storeId" ? 7 : "spoiled" }, "root"),
    );
    const said = await questions.refusalOfOpening(name);
    await settled(rows().put(row, "root"));
    database.close();
    return said;
  },

  /** What a script can do with the root key. */
  async exportRoot(name: string) {
    const database = await rawDatabase(`lanelock root ${name}`);
    const { key } = await settled(database.transaction("root").objectStore("root").get("root"));
    database.close();
    const { extractable, usages } = key as CryptoKey;
    return { extractable, usages, refused: await refusal(() => crypto.subtle.exportKey("raw", key)) };
  },

  storeId: async (name: string) => {
    const database = await rawDatabase(`lanelock store ${name}`);
    const row = await settled(database.transaction("meta").objectStore("meta").get("store-id"));
    database.close();
    return text(row.value);
  },

  /** Reads a row of a table, or puts one in its place, without lanelock. */
  async rawRow(name: string, table: string, replaced?: string) {
    const database = await rawDatabase(`lanelock store ${name}`);
    const store = database.transaction(table, "readwrite").objectStore(table);
    const [row] = await settled(store.getAll());
    const decoded = (_: string, value: unknown) =>
      typeof value === "object" && value !== null && "$" in value ? fromBase64(String(value.$)) : value;
    if (replaced !== undefined) await settled(store.put(JSON.parse(replaced, decoded)));
    database.close();
    return JSON.stringify(row, (_, value) => (ArrayBuffer.isView(value) ? { $: base64(value as Uint8Array) } : value));
  },

  /** Fills the store until the browser refuses. */
  fill: (name: string) =>
    refusal(async () => {
      const store = indexedDbStore({ name });
      await store.open();
      try {
        for (let i = 0; i < 200; i++) {
          await store.write((rows) => rows.putMeta(`filler ${i}`, crypto.getRandomValues(new Uint8Array(65_536))));
        }
      } finally {
        await store.close();
      }
    }),
};

Object.assign(globalThis, { lanelock: questions });

if (!("document" in globalThis)) {
  addEventListener("message", async ({ data: [name, blob] }) => {
    await questions.open(name);
    const said = await questions.decrypt(blob);
    await questions.close();
    postMessage(said);
  });
}

export type Questions = typeof questions;
