import { type KeyStore, Kms, verifyStore } from "lanelock/kms";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { rootKey } from "../open-kms.ts";
import { altered, type Intruder, isSame, nameOf, primaryKey, type Snapshot, type SqlRow, TABLES } from "./database.ts";
import { firstChapter, type Life, secondChapter, wrapping } from "./life.ts";

interface Attack {
  readonly what: string;
  readonly table: string;
  readonly row: SqlRow;
  readonly strike: () => Promise<void>;
}

export interface AttackedDatabase {
  readonly store: () => KeyStore;
  /** The audit file; the store's own when absent. */
  readonly audit?: string;
  readonly intrude: () => Promise<Intruder>;
  /** Every which attack is tried: 1 for all of them. */
  readonly every: number;
}

/** What single rows of a database can suffer, and how it is noticed. @param begin makes an empty database */
export function describeRowAttacks(begin: () => Promise<AttackedDatabase>): void {
  let database: AttackedDatabase;
  const options = () => ({ store: database.store(), rootKey, sweepSeconds: false, audit: database.audit }) as const;
  let intruder: Intruder;
  let life: Life;
  let older: Snapshot;
  let newest: Snapshot;

  beforeAll(async () => {
    database = await begin();
    const kms = await Kms.open(options());
    life = await firstChapter(kms);
    await kms.close();
    intruder = await database.intrude();
    older = await intruder.snapshot();
    const again = await Kms.open(options());
    await secondChapter(again, life);
    await again.close();
    newest = await intruder.snapshot();
  });
  afterEach(() => intruder.restore(newest));
  afterAll(() => intruder.close());

  const rowsOf = (snapshot: Snapshot, table: string) => snapshot.get(table) ?? [];

  /** Everything that can be done to single rows with what the store once held. */
  function allAttacks(): Attack[] {
    const found: Attack[] = [];
    for (const table of TABLES) {
      const now = new Map(rowsOf(newest, table).map((row) => [nameOf(table, row), row]));
      for (const row of now.values()) {
        found.push({ what: "removed", table, row, strike: () => intruder.remove(table, row) });
      }
      for (const row of rowsOf(older, table)) {
        const current = now.get(nameOf(table, row));
        if (current !== undefined && isSame(current, row)) continue;
        const what = current === undefined ? "added again" : "put back";
        found.push({ what, table, row, strike: () => intruder.put(table, row) });
      }
      const [first] = now.values();
      for (const column of primaryKey(table)) {
        if (first === undefined) continue;
        const row = { ...first, [column]: altered(first[column]) };
        found.push({ what: "copied under another name", table, row, strike: () => intruder.put(table, row) });
      }
    }
    return found;
  }

  const attacks = () => allAttacks().filter((_, number) => number % database.every === 0);

  const refusal = { code: expect.stringMatching(/^ERR_(INTEGRITY|KEY)$/) };

  /** The pair of rows that name a store and its root key: without them it cannot be unlocked, so that nothing can be verified. */
  const unlocking = (attack: Attack) => /^(store-id|root-check)$/.test(nameOf(attack.table, attack.row));

  describe("a row of the database that this KMS did not write", () => {
    test("the life writes, changes and removes rows of every table", () => {
      const found = allAttacks();
      for (const table of TABLES) {
        const whats = new Set(found.filter((attack) => attack.table === table).map(({ what }) => what));
        expect([...whats], table).toEqual(expect.arrayContaining(["removed", "copied under another name"]));
        // Versions are never changed.
        if (table !== "lanelock_versions") expect(whats, table).toContain("put back");
      }
      for (const table of ["lanelock_aliases", "lanelock_tags"]) {
        expect(found.some((attack) => attack.table === table && attack.what === "added again")).toBe(true);
      }
    });

    test("is noticed by the next opening and by verifyStore: put back, removed, or added", async () => {
      for (const attack of attacks()) {
        const what = `${attack.table} ${nameOf(attack.table, attack.row)} ${attack.what}`;
        await attack.strike();
        // Without its id the store is taken for an empty database, and a new store would be made.
        if (!(attack.what === "removed" && nameOf(attack.table, attack.row) === "store-id")) {
          await expect(Kms.open(options()), what).rejects.toMatchObject(refusal);
          if (unlocking(attack)) await expect(verifyStore(options()), what).rejects.toMatchObject(refusal);
          else {
            const { ok, problems } = await verifyStore(options());
            expect({ what, ok, found: problems.length > 0 }).toEqual({ what, ok: false, found: true });
          }
        }
        await intruder.restore(newest);
      }
      expect(await verifyStore(options())).toMatchObject({ ok: true, problems: [] });
    }, 300_000);

    test("is found and named by verifyStore, whichever column was changed", async () => {
      let columns = 0;
      for (const table of TABLES.filter((name) => name !== "lanelock_meta")) {
        const [row = {}] = rowsOf(newest, table);
        for (const [column, value] of Object.entries(row)) {
          if (primaryKey(table).includes(column)) continue;
          await intruder.put(table, { ...row, [column]: altered(value) });
          const { ok, problems } = await verifyStore(options());
          expect({ column: `${table}.${column}`, ok }).toEqual({ column: `${table}.${column}`, ok: false });
          expect(problems.join()).toContain(nameOf(table, row));
          await intruder.put(table, row);
          columns++;
        }
      }
      expect(columns).toBeGreaterThan(45);
      expect(await verifyStore(options())).toMatchObject({ ok: true });
    }, 300_000);

    test("is noticed while the KMS is open, named by verify(), and refused at its next use", async () => {
      const { keyId, importedId, importToken, ciphertextBlob, wrapped } = life;
      const uses: Readonly<Record<string, (kms: Kms) => Promise<unknown>>> = {
        lanelock_keys: (kms) => kms.describeKey({ keyId }),
        lanelock_aliases: (kms) => kms.describeKey({ keyId: "alias/moves" }),
        lanelock_tags: (kms) => kms.listResourceTags({ keyId }),
        lanelock_import_tokens: (kms) =>
          kms.importKeyMaterial({ keyId: importedId, importToken, encryptedKeyMaterial: wrapped(new Uint8Array(32)) }),
        lanelock_versions: (kms) => kms.decrypt({ ciphertextBlob }),
        lanelock_key_objects: (kms) => kms.encrypt({ keyId: importedId, plaintext: new Uint8Array(1) }),
      };
      const filters = [{ key: "KeyState", values: ["Enabled"] }] as const;
      /** Lists that do not name the row, whether they should have held it or not. */
      const lists: Readonly<Record<string, readonly ((kms: Kms) => Promise<unknown>)[]>> = {
        lanelock_keys: [(kms) => kms.listKeys({ filters }), (kms) => kms.listKeys(), (kms) => kms.sweep()],
        lanelock_aliases: [(kms) => kms.listAliasesByKeyId({ keyId }), (kms) => kms.listAliases()],
        lanelock_import_tokens: [(kms) => kms.getParametersForImport({ keyId: importedId, ...wrapping })],
      };
      const used = (attack: Attack) =>
        attack.table in uses &&
        // The copy is a row of another name, which no call asks for.
        attack.what !== "copied under another name" &&
        [keyId, "alias/moves", "kept"].some((name) => nameOf(attack.table, attack.row).split(" ").at(-1) === name);
      for (const attack of attacks()) {
        if (nameOf(attack.table, attack.row) === "state") continue;
        const name = nameOf(attack.table, attack.row);
        const what = `${attack.table} ${name} ${attack.what}`;
        await using kms = await Kms.open({ ...options(), audit: false, cache: { checkMilliseconds: 0 } });
        await attack.strike();
        const { ok, problems } = await kms.verify();
        expect({ what, ok, named: problems.some((one) => one.includes(name)) }).toEqual({
          what,
          ok: false,
          named: true,
        });
        if (used(attack)) {
          await expect(uses[attack.table]?.(kms), what).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
        }
        for (const list of lists[attack.table] ?? []) {
          await expect(list(kms), `${what}: ${list}`).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
        }
        await intruder.restore(newest);
        expect(await kms.verify(), what).toMatchObject({ ok: true });
      }
    }, 300_000);
  });

  describe("the row with the state of the store", () => {
    const state = () => rowsOf(newest, "lanelock_meta").find(({ name }) => name === "state") ?? {};
    const before = () => rowsOf(older, "lanelock_meta").find(({ name }) => name === "state") ?? {};

    test("is refused when it is gone, changed, or an older one, at open and by an open KMS", async () => {
      const value = Buffer.from((state().value as Buffer).map((byte, i) => (i === 40 ? byte ^ 1 : byte)));
      const strikes = [
        () => intruder.remove("lanelock_meta", state()),
        () => intruder.put("lanelock_meta", { name: "state", value }),
        () => intruder.put("lanelock_meta", before()),
      ];
      for (const strike of strikes) {
        const kms = await Kms.open({ ...options(), audit: false, cache: { checkMilliseconds: 0 } });
        await strike();
        const { keyId } = life;
        for (const call of [
          () => kms.describeKey({ keyId }),
          () => kms.enableKey({ keyId }),
          () => kms.createKey({}),
        ]) {
          await expect(call()).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
        }
        expect(await kms.verify()).toMatchObject({ ok: false });
        await expect(Kms.open(options())).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
        expect(await verifyStore(options())).toMatchObject({ ok: false });
        await intruder.restore(newest);
        await kms.close();
      }
    });

    test("and the whole store put back under an open KMS is refused by it", async () => {
      const kms = await Kms.open({ ...options(), audit: false, cache: { checkMilliseconds: 0 } });
      await intruder.restore(older);
      await expect(kms.decrypt({ ciphertextBlob: life.ciphertextBlob })).rejects.toMatchObject({
        code: "ERR_INTEGRITY",
        message: expect.stringContaining("this process has seen transaction"),
      });
      await intruder.restore(newest);
      await kms.close();
    });
  });
}
