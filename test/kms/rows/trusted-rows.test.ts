import type { KeyStore, StoreWriter } from "lanelock/kms";
import { beforeEach, describe, expect, test } from "vitest";
import type { StoreReader } from "../../../src/kms/ports/index.ts";
import { examineRows } from "../../../src/kms/rows/examine.ts";
import type { RowIndex } from "../../../src/kms/rows/row-index.ts";
import { indexOf } from "../../../src/kms/rows/scan.ts";
import { TrustedReader } from "../../../src/kms/rows/trusted-reader.ts";
import {
  ALL,
  alias,
  anchor,
  counter,
  fill,
  filledStore,
  fingerprint,
  key,
  keys,
  object,
  seal,
  tag,
  token,
  version,
} from "./sealed-rows.ts";

// Rows of every table, in a store whose rows are then changed behind the reader's back.

let store: KeyStore;
let index: RowIndex;
beforeEach(async () => {
  ({ store, index } = await filledStore());
});

type Look = (rows: TrustedReader) => Promise<unknown>;
const look = (what: Look) => store.read((rows: StoreReader) => what(new TrustedReader(rows, keys, index)));

const LOOKS = {
  key: (rows) => rows.key("a"),
  keys: (rows) => rows.keys(ALL),
  filteredKeys: (rows) => rows.keys(ALL, [{ column: "state", values: ["Enabled"] }]),
  keyByFingerprint: (rows) => rows.keyByFingerprint(fingerprint("a")),
  dueKeys: (rows) => rows.dueKeys(10_000, 10),
  version: (rows) => rows.version("a-1"),
  versions: (rows) => rows.versions("a", ALL),
  laterVersions: (rows) => rows.versions("a", { offset: 1, limit: 1 }),
  keyObject: (rows) => rows.keyObject({ versionId: "a-1", mode: "GCM" }),
  keyObjects: (rows) => rows.keyObjects("a-1"),
  alias: (rows) => rows.alias("alias/a"),
  aliases: (rows) => rows.aliases(ALL),
  aliasesOfKey: (rows) => rows.aliases(ALL, "a"),
  tags: (rows) => rows.tags("a"),
  importToken: (rows) => rows.importToken("token-a"),
  importTokens: (rows) => rows.importTokens({ keyId: "a" }),
  anchors: (rows) => rows.anchors(),
  anchor: (rows) => rows.anchor("chain-a"),
  counter: (rows) => rows.counter({ versionId: "a-1", mode: "GCM" }),
  meta: (rows) => rows.meta("fact-a"),
} satisfies Record<string, Look>;
type LookName = keyof typeof LOOKS;
const NAMES = Object.keys(LOOKS) as LookName[];

test("rows as they were left are given out", async () => {
  const counts: Partial<Record<LookName, number>> = {};
  for (const name of NAMES) {
    const found: unknown = await look(LOOKS[name]);
    const rows = found instanceof Object && "rows" in found ? found.rows : found;
    counts[name] = Array.isArray(rows) ? rows.length : Number(rows !== undefined);
  }
  const one = {
    key: 1,
    keyByFingerprint: 1,
    version: 1,
    keyObject: 1,
    alias: 1,
    importToken: 1,
    anchor: 1,
    counter: 1,
    meta: 1,
  };
  expect(counts).toEqual({
    ...{ ...one, keys: 2, filteredKeys: 2, dueKeys: 2, versions: 2, laterVersions: 1, keyObjects: 2 },
    ...{ aliases: 2, aliasesOfKey: 1, tags: 2, importTokens: 1, anchors: 2 },
  });
  expect(await look((rows) => rows.tags("a"))).toEqual([
    { keyId: "a", tagKey: "x", tagValue: "v" },
    { keyId: "a", tagKey: "y", tagValue: "v" },
  ]);
});

test("a filter gives those that match, where others do not", async () => {
  await store.write((rows) => rows.putKey(key("b", { state: "Disabled" })));
  index = await store.read((rows) => indexOf(rows, keys));
  for (const [state, ids] of [
    ["Disabled", ["b"]],
    ["Enabled", ["a"]],
    ["PendingImport", []],
  ] as const) {
    const found = await look((rows) => rows.keys(ALL, [{ column: "state", values: [state] }]));
    expect(found).toMatchObject({ total: ids.length, rows: ids.map((keyId) => ({ keyId })) });
  }
  expect(await look((rows) => rows.keys(ALL, []))).toMatchObject({ total: 2 });
});

test("rows that never were are absent", async () => {
  const absent: Look[] = [
    (rows) => rows.key("c"),
    (rows) => rows.keyByFingerprint(fingerprint("c")),
    (rows) => rows.version("a-3"),
    (rows) => rows.keyObject({ versionId: "a-1", mode: "ECB" }),
    (rows) => rows.alias("alias/c"),
    (rows) => rows.importToken("token-c"),
    (rows) => rows.anchor("chain-c"),
    (rows) => rows.counter({ versionId: "a-2", mode: "GCM" }),
    (rows) => rows.meta("fact-c"),
  ];
  for (const what of absent) expect(await look(what)).toBeUndefined();
  for (const what of [(rows) => rows.tags("c"), (rows) => rows.keyObjects("a-2")] satisfies Look[]) {
    expect(await look(what)).toEqual([]);
  }
});

/** What is done to the store, and every look that must refuse it; the others see no difference. */
const ATTACKS: readonly { what: string; attack: (rows: StoreWriter) => Promise<void>; noticed: LookName[] }[] = [
  {
    what: "a key replaced by an older one",
    attack: (rows) => rows.putKey(key("a", { description: "older" })),
    noticed: ["key", "keys", "filteredKeys", "keyByFingerprint", "dueKeys"],
  },
  {
    what: "a key replaced by an older one that filters miss",
    attack: (rows) => rows.putKey(key("a", { state: "Disabled", materialFingerprint: null, materialExpiresAt: null })),
    noticed: ["key", "keys", "filteredKeys", "keyByFingerprint"],
  },
  {
    what: "a key with another column",
    attack: (rows) => rows.putKey({ ...key("a"), description: "forged" }),
    noticed: ["key", "keys", "filteredKeys", "keyByFingerprint", "dueKeys"],
  },
  {
    what: "a key that is gone",
    attack: async (rows) => {
      await rows.deleteKey("a");
      // All but the key itself.
      for (const ordinal of [1, 2]) await rows.putVersion(version("a", ordinal));
      for (const mode of ["GCM", "CBC"] as const) await rows.putKeyObject(object("a-1", mode));
      await rows.putAlias(alias("alias/a", "a"));
      for (const name of ["x", "y"]) await rows.putTag(tag("a", name));
      await rows.putImportToken(token("token-a", "a"));
      await rows.putCounter(counter("a-1", 64));
    },
    noticed: ["key", "keys", "filteredKeys", "keyByFingerprint"],
  },
  {
    what: "a key that was added",
    attack: (rows) => rows.putKey(key("c")),
    noticed: ["keys", "filteredKeys", "dueKeys"],
  },
  {
    what: "a version replaced by an older one",
    attack: (rows) => rows.putVersion(version("a", 1, 0)),
    noticed: ["version", "versions"],
  },
  {
    what: "a version that was added",
    attack: (rows) => rows.putVersion(seal("version", { versionId: "a-3", keyId: "a", createdAt: 1, ordinal: 3 })),
    noticed: ["versions"],
  },
  {
    what: "key objects that are gone",
    attack: (rows) => rows.deleteKeyObjects("a-1"),
    noticed: ["keyObject", "keyObjects"],
  },
  {
    what: "a key object replaced by an older one",
    attack: (rows) => rows.putKeyObject(object("a-1", "CBC", 2)),
    noticed: ["keyObjects"],
  },
  {
    what: "an alias that is gone",
    attack: (rows) => rows.deleteAlias("alias/a"),
    noticed: ["alias", "aliases", "aliasesOfKey"],
  },
  {
    what: "an alias put back to where it pointed before",
    attack: (rows) => rows.putAlias(alias("alias/a", "b")),
    noticed: ["alias", "aliases", "aliasesOfKey"],
  },
  {
    what: "an alias that was added",
    attack: (rows) => rows.putAlias(alias("alias/c", "a")),
    noticed: ["aliases", "aliasesOfKey"],
  },
  {
    what: "a tag that is gone",
    attack: (rows) => rows.deleteTag({ keyId: "a", tagKey: "y" }),
    noticed: ["tags"],
  },
  {
    what: "a tag with an older value",
    attack: (rows) => rows.putTag(tag("a", "x", "older")),
    noticed: ["tags"],
  },
  {
    what: "an import token that is gone",
    attack: (rows) => rows.deleteImportToken("token-a"),
    noticed: ["importToken", "importTokens"],
  },
  {
    what: "an import token of another key with fewer failures",
    attack: (rows) => rows.putImportToken(token("token-b", "b", 1)),
    noticed: ["importTokens"],
  },
  {
    what: "an anchor that is gone",
    attack: (rows) => rows.deleteAnchor("chain-a"),
    noticed: ["anchor"],
  },
  {
    what: "an older anchor",
    attack: (rows) => rows.putAnchor(anchor("chain-a", 0)),
    noticed: ["anchors", "anchor"],
  },
  {
    what: "a lower count",
    attack: (rows) => rows.putCounter(counter("a-1", 1)),
    noticed: ["counter"],
  },
  {
    what: "another value of metadata",
    attack: (rows) => rows.putMeta("fact-a", Uint8Array.of(2)),
    noticed: ["meta"],
  },
];

test.each(ATTACKS)("$what is refused where it is used", async ({ attack, noticed }) => {
  await store.write(attack);
  const refused: string[] = [];
  for (const name of NAMES) {
    const error = await look(LOOKS[name]).then(
      () => undefined,
      (reason) => reason,
    );
    if (error === undefined) continue;
    expect(error).toMatchObject({ code: "ERR_INTEGRITY", message: expect.stringContaining("changed from outside") });
    refused.push(name);
  }
  expect(refused).toEqual(NAMES.filter((name) => noticed.includes(name)));
});

test("a refusal names the row and what happened to it", async () => {
  const message = async (attack: (rows: StoreWriter) => Promise<void>, what: Look) => {
    await store.write(attack);
    const text = await look(what).then(
      () => "",
      (error) => error.message,
    );
    await store.write(fill);
    return text;
  };
  const forged = { ...key("a"), description: "forged" };
  expect(await message((rows) => rows.putKey(key("a", { description: "o" })), LOOKS.key)).toContain(
    '"key a" is an older one',
  );
  expect(await message((rows) => rows.putKey(forged), LOOKS.key)).toContain('"key a" is not what was written');
  expect(await message((rows) => rows.putKey(key("c")), LOOKS.keys)).toContain('"key c" was added');
  await store.write((rows) => rows.deleteKey("c"));
  expect(await message((rows) => rows.deleteAlias("alias/a"), LOOKS.alias)).toContain('"alias alias/a" is gone');
  expect(await message((rows) => rows.deleteTag({ keyId: "a", tagKey: "x" }), LOOKS.tags)).toContain(
    '"tag a …" 1 are gone',
  );
  const hidden = key("a", { materialFingerprint: null });
  expect(await message((rows) => rows.putKey(hidden), LOOKS.keyByFingerprint)).toContain('"key a" is not the latest');
  expect(await message((rows) => rows.putAlias(alias("alias/c", "b")), LOOKS.aliasesOfKey)).toContain(
    '"alias alias/c" was added',
  );
});

test("a page of versions with a gap is refused, whatever the database counts", async () => {
  const gap = (rows: StoreReader): StoreReader =>
    new Proxy(rows, {
      get(target, name) {
        if (name !== "versions") return Reflect.get(target, name, target);
        return async (...args: Parameters<StoreReader["versions"]>) => {
          const found = await target.versions(...args);
          return { rows: found.rows.slice(1), total: found.total };
        };
      },
    });
  const versions = store.read((rows) =>
    new TrustedReader(gap(rows), keys, index).versions("a", { offset: 0, limit: 2 }),
  );
  await expect(versions).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
});

describe("examining a store", () => {
  const examined = (expected: Parameters<typeof examineRows>[2] = index) =>
    store.read((rows) => examineRows(rows, keys, expected));

  test("finds nothing in one that is as it was left, and counts its rows", async () => {
    expect(await examined()).toEqual({ rows: 24, problems: [] });
  });

  test("names every row that is changed, older, added or gone", async () => {
    await store.write(async (rows) => {
      await rows.putKey({ ...key("a"), description: "forged" });
      await rows.putAlias(alias("alias/a", "b"));
      await rows.putTag(tag("a", "z"));
      await rows.deleteImportToken("token-a");
      await rows.putMeta("fact-b", Uint8Array.of(9));
      await rows.putMeta("state", Uint8Array.of(9));
    });
    const { rows, problems } = await examined();
    expect(rows).toBe(24);
    expect([...problems].sort()).toEqual([
      'The row "alias alias/a" is not the latest one.',
      'The row "importToken token-a" is gone.',
      'The row "key a" is not what was written there.',
      'The row "meta fact-b" is not the latest one.',
      'The row "tag a z" was added.',
    ]);
  });

  test("finds only forged rows where nothing is known about them", async () => {
    await store.write(async (rows) => {
      await rows.putKey(key("a", { description: "older" }));
      await rows.putTag({ ...tag("a", "x"), tagValue: "forged" });
    });
    const { problems } = await examined({ macOf: () => undefined, names: () => [] });
    expect(problems).toEqual(['The row "tag a x" is not what was written there.']);
  });
});
