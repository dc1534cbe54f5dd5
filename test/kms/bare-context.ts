import type { AuditEvent, KeyStore } from "lanelock/kms";
import { AuditLog } from "../../src/kms/audit/audit-log.ts";
import { type AuditFunction, FunctionSink } from "../../src/kms/audit/sink.ts";
import { KmsContext, type KmsContextParts } from "../../src/kms/core/kms-context.ts";
import { KeyCache } from "../../src/kms/keys/key-cache.ts";
import { KeyDirectory } from "../../src/kms/keys/key-directory.ts";
import { StoreKeys } from "../../src/kms/root/store-keys.ts";
import { materialCipher, softwareKeyTransport } from "../../src/providers/software/index.ts";
import { openKms, rootKey } from "./open-kms.ts";
import { trustedRows } from "./trusted-rows.ts";

export interface BareContext {
  readonly core: KmsContext;
  readonly events: AuditEvent[];
  /** How often the directory was cleared. */
  cleared(): number;
}

/** The parts of an open KMS on a store, without a session: for tests of what operations are made of. The clock stands at 5,000. */
export async function bareContext(
  store: KeyStore,
  parts: Partial<KmsContextParts> = {},
  receive: AuditFunction = () => undefined,
): Promise<BareContext> {
  await store.open();
  if ((await store.read((rows) => rows.meta("store-id"))) === undefined) {
    await (await openKms({ store, audit: false })).close();
    await store.open();
  }
  const rows = await trustedRows(store);
  const storeId = await store.read((read) => read.meta("store-id"));
  const keys = new StoreKeys(new TextDecoder().decode(storeId), rootKey, materialCipher);
  const events: AuditEvent[] = [];
  const sink = new FunctionSink(async (event) => {
    await receive(event);
    events.push(event);
  }, keys);
  let cleared = 0;
  class Directory extends KeyDirectory {
    override clear(): void {
      cleared++;
      super.clear();
    }
  }
  const limits = { maxKeys: 10, maxAgeMilliseconds: 60_000 };
  const core = new KmsContext({
    ...{ rows, keys, realm: { regionId: "local", accountId: "0" }, providers: new Map(), allowSeeding: false },
    ...{ transport: softwareKeyTransport, clock: () => new Date(5_000), audit: new AuditLog(sink, "fail") },
    ...{ cipherKeys: new KeyCache(limits), asymmetricKeys: new KeyCache(limits) },
    makeDirectory: (made) =>
      new Directory({ rows, realm: made.realm, now: () => made.now(), checkMilliseconds: 0, settle: async () => {} }),
    ...parts,
  });
  return { core, events, cleared: () => cleared };
}
