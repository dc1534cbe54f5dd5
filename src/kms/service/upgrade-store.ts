import { equalInConstantTime } from "../../shared/encoding.ts";
import type { KeyStore, StoreReader, StoreWriter } from "../ports/index.ts";
import { CARRIED_KEYS, CLOSED_CHAINS, ROOT_CHECK } from "../root/metadata.ts";
import { isOfFirstFormat } from "../root/root-check.ts";
import type { FirstFormatMacs, StoreKeys } from "../root/store-keys.ts";
import { authenticated, notAsLeft, type RowOf, rowName, sealRow, type Table, type Unsealed } from "../rows/row-mac.ts";
import { beginState } from "../rows/scan.ts";

/**
 * Brings a store of lanelock 0.1 to the authenticated state of this version, once and in one transaction. That format had no MAC
 * for tags and counters, and no record of which rows must exist: the upgrade accepts the rows it finds, and protects them from then on.
 *
 * @throws LanelockError `ERR_INTEGRITY` for a row whose MAC is wrong; nothing is changed then
 */
export async function upgradeStore(store: KeyStore, keys: StoreKeys): Promise<void> {
  await store.write(async (rows) => {
    // Another process may have upgraded it first.
    if (!(await isOfFirstFormat(rows, keys))) return;
    await adoptCarriedKeys(rows, keys);
    await upgradeRows(rows, keys);
    await rows.putMeta(ROOT_CHECK, keys.rootCheck());
    await beginState(rows, keys);
  });
}

/** Chains under a key that was carried from an older root key end here; the fingerprint key is carried on. */
async function adoptCarriedKeys(rows: StoreWriter, keys: StoreKeys): Promise<void> {
  const carried = await rows.meta(CARRIED_KEYS);
  if (carried === undefined) return;
  keys.adoptFirstFormat(
    carried,
    (await rows.anchors()).map(({ chainId }) => chainId),
  );
  await rows.putMeta(CARRIED_KEYS, keys.carryTo(keys));
  await rows.putMeta(CLOSED_CHAINS, keys.closeChains(keys, []));
}

async function upgradeRows(rows: StoreWriter, keys: StoreKeys): Promise<void> {
  const macs = keys.firstFormatMacs();
  try {
    const upgrade = new Upgrade({ rows, keys, macs });
    await upgrade.all("key", (row) => rows.putKey(row));
    await upgrade.all("version", (row) => rows.putVersion(row));
    await upgrade.all("keyObject", (row) => rows.putKeyObject(row));
    await upgrade.all("alias", (row) => rows.putAlias(row));
    await upgrade.all("importToken", (row) => rows.putImportToken(row));
    await upgrade.all("anchor", (row) => rows.putAnchor(row));
    await upgrade.all("tag", (row) => rows.putTag(row));
    await upgrade.all("counter", (row) => rows.putCounter(row));
  } finally {
    macs.dispose();
  }
}

const WITHOUT_MAC: readonly Table[] = ["tag", "counter"];

/** Checks the rows of a table by the first format's MAC, and writes them with this one's. */
class Upgrade {
  readonly #rows: StoreReader;
  readonly #keys: StoreKeys;
  readonly #macs: FirstFormatMacs;

  constructor({ rows, keys, macs }: { rows: StoreReader; keys: StoreKeys; macs: FirstFormatMacs }) {
    this.#rows = rows;
    this.#keys = keys;
    this.#macs = macs;
  }

  async all<T extends Table>(table: T, put: (row: RowOf<T>) => Promise<void>): Promise<void> {
    for (const row of await this.#rows.all(table)) {
      const mac = this.#macs.mac(table, authenticated(table, row));
      if (!WITHOUT_MAC.includes(table) && !equalInConstantTime(row.mac, mac)) {
        throw notAsLeft(`the row "${rowName(table, row)}" is not what was written there`);
      }
      const { mac: _, ...columns } = row;
      await put(sealRow(this.#keys, table, columns as Unsealed<T>));
    }
  }
}
