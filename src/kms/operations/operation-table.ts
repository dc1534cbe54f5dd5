import * as records from "./index.ts";
import type { Handler, Operation, Runnable } from "./operation.ts";

type Records = typeof records;

/** An operation by its method: `generateDataKey`. */
export type OperationName = {
  [Name in keyof Records]: Records[Name] extends { readonly name: string; readonly plane: string } ? Name : never;
}[keyof Records];

const byRecord = new Map<unknown, unknown>();

/** Joins an operation with the way it is carried out. */
function runnableOf<Request, Read, Response>(
  record: Operation<Request, Read, Response>,
  run: Handler<NoInfer<Read>, NoInfer<Response>>,
): Runnable<Request, Read, Response> {
  const joined = { ...record, run };
  byRecord.set(record, joined);
  return joined;
}

/** Every operation by its method. */
export const OPERATIONS = {
  asymmetricDecrypt: runnableOf(records.asymmetricDecrypt, records.runAsymmetricDecrypt),
  asymmetricEncrypt: runnableOf(records.asymmetricEncrypt, records.runAsymmetricEncrypt),
  asymmetricSign: runnableOf(records.asymmetricSign, records.runAsymmetricSign),
  asymmetricVerify: runnableOf(records.asymmetricVerify, records.runAsymmetricVerify),
  cancelKeyDeletion: runnableOf(records.cancelKeyDeletion, records.runCancelKeyDeletion),
  createAlias: runnableOf(records.createAlias, records.runCreateAlias),
  createKey: runnableOf(records.createKey, records.runCreateKey),
  createKeyVersion: runnableOf(records.createKeyVersion, records.runCreateKeyVersion),
  decrypt: runnableOf(records.decrypt, records.runDecrypt),
  deleteAlias: runnableOf(records.deleteAlias, records.runDeleteAlias),
  deleteKeyMaterial: runnableOf(records.deleteKeyMaterial, records.runDeleteKeyMaterial),
  describeKey: runnableOf(records.describeKey, records.runDescribeKey),
  describeKeyVersion: runnableOf(records.describeKeyVersion, records.runDescribeKeyVersion),
  disableKey: runnableOf(records.disableKey, records.runDisableKey),
  enableKey: runnableOf(records.enableKey, records.runEnableKey),
  encrypt: runnableOf(records.encrypt, records.runEncrypt),
  exportDataKey: runnableOf(records.exportDataKey, records.runExportDataKey),
  generateAndExportDataKey: runnableOf(records.generateAndExportDataKey, records.runGenerateAndExportDataKey),
  generateDataKey: runnableOf(records.generateDataKey, records.runGenerateDataKey),
  generateDataKeyWithoutPlaintext: runnableOf(
    records.generateDataKeyWithoutPlaintext,
    records.runGenerateDataKeyWithoutPlaintext,
  ),
  generateRandom: runnableOf(records.generateRandom, records.runGenerateRandom),
  getParametersForImport: runnableOf(records.getParametersForImport, records.runGetParametersForImport),
  getPublicKey: runnableOf(records.getPublicKey, records.runGetPublicKey),
  importKeyMaterial: runnableOf(records.importKeyMaterial, records.runImportKeyMaterial),
  listAliases: runnableOf(records.listAliases, records.runListAliases),
  listAliasesByKeyId: runnableOf(records.listAliasesByKeyId, records.runListAliasesByKeyId),
  listKeyVersions: runnableOf(records.listKeyVersions, records.runListKeyVersions),
  listKeys: runnableOf(records.listKeys, records.runListKeys),
  listResourceTags: runnableOf(records.listResourceTags, records.runListResourceTags),
  reEncrypt: runnableOf(records.reEncrypt, records.runReEncrypt),
  rotateKey: runnableOf(records.rotateKey, records.runRotateKey),
  scheduleKeyDeletion: runnableOf(records.scheduleKeyDeletion, records.runScheduleKeyDeletion),
  seedKey: runnableOf(records.seedKey, records.runSeedKey),
  setDeletionProtection: runnableOf(records.setDeletionProtection, records.runSetDeletionProtection),
  tagResource: runnableOf(records.tagResource, records.runTagResource),
  untagResource: runnableOf(records.untagResource, records.runUntagResource),
  updateAlias: runnableOf(records.updateAlias, records.runUpdateAlias),
  updateKeyDescription: runnableOf(records.updateKeyDescription, records.runUpdateKeyDescription),
  updateRotationPolicy: runnableOf(records.updateRotationPolicy, records.runUpdateRotationPolicy),
} as const satisfies Readonly<Record<OperationName, unknown>>;

const byServiceName: ReadonlyMap<string, OperationName> = new Map(
  (Object.keys(OPERATIONS) as OperationName[]).map((method) => [OPERATIONS[method].name, method]),
);

/** The method of an operation by its name in the service: `GenerateDataKey`. */
export function methodOf(name: string): OperationName | undefined {
  return byServiceName.get(name);
}

/** An operation with the way it is carried out. */
export function runnable<Request, Read, Response>(
  record: Operation<Request, Read, Response>,
): Runnable<Request, Read, Response> {
  return byRecord.get(record) as Runnable<Request, Read, Response>;
}
