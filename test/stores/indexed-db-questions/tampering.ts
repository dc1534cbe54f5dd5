import { verifyStore } from "lanelock/kms";
import { browserRoot } from "lanelock/stores";
import { base64, deleteDatabase, fromBase64, opened, parts, rawDatabase, refusal, settled, text } from "./tools.ts";

interface Spoiling {
  readonly table: string;
  readonly key?: string;
  readonly column: string;
  readonly as: "text" | "number" | "flag" | "long" | "missing";
}

/** What another script of the origin can do to the databases, and what lanelock then says. */
export const tamperingQuestions = {
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
    const said = await refusal(async () => (await opened(name)).close());
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
};
