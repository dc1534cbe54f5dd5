import { join } from "node:path";
import type { KmsOptions, RootKey } from "../../kms/index.ts";
import { pkcs11 } from "../../providers/pkcs11/index.ts";
import { readPrivateFile } from "../../shared/private-file.ts";
import { sqlStore } from "../../stores/index.ts";
import { UsageError } from "../report/failures.ts";
import { externalKeysOf } from "./external-keys.ts";
import { isPostgres } from "./read-settings.ts";
import type { Settings } from "./settings.ts";
import { tokenOf } from "./token-options.ts";

export function rootKeyFile({ home, rootKey }: Settings): string {
  return rootKey ?? join(home, "root.key");
}

export function rootKeyOf(settings: Settings): RootKey {
  const { rootKeyEnv } = settings;
  return rootKeyEnv === undefined ? { file: rootKeyFile(settings) } : { env: rootKeyEnv };
}

/** Where the store is: a file, or the URL of a database. */
export function storePlace({ home, store, storeFile }: Settings): { readonly path: string } | { readonly url: string } {
  const named = storeFile === undefined ? store : urlIn(storeFile);
  if (named !== undefined && isPostgres(named)) return { url: named };
  if (storeFile !== undefined) throw new UsageError(`The store file ${storeFile} must hold a postgres:// URL.`);
  return { path: named ?? join(home, "keys.db") };
}

function urlIn(file: string): string {
  const what = "store file";
  const bytes = readPrivateFile({ path: file, what, unreadable: "ERR_STORE", exposed: "ERR_ARGUMENT" });
  return new TextDecoder().decode(bytes).trim();
}

/** @param create whether a store may be made where there is none */
export function kmsOptions(settings: Settings, { create = false } = {}): KmsOptions {
  const { audit, anchor, pkcs11Module, token, tokenSerial, externalConfig } = settings;
  const hasToken = (pkcs11Module ?? token ?? tokenSerial) !== undefined;
  return {
    store: sqlStore({ ...storePlace(settings), create }),
    rootKey: rootKeyOf(settings),
    sweepSeconds: false,
    audit,
    anchor: anchor === undefined ? undefined : { file: anchor },
    hsm: hasToken ? pkcs11(tokenOf(settings)) : undefined,
    external: externalConfig === undefined ? undefined : externalKeysOf(externalConfig),
  };
}
