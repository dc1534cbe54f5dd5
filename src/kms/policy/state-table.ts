import { KmsError, type KmsErrorCode } from "../ports/errors.ts";
import type { KeyState } from "../ports/index.ts";

type Refusals = Readonly<Partial<Record<KeyState, KmsErrorCode>>>;

/** What needs the key's material: refused in every state but Enabled. */
const USE: Refusals = {
  Disabled: "Rejected.Disabled",
  PendingDeletion: "Rejected.PendingDeletion",
  PendingImport: "Rejected.PendingImport",
};
const EDIT: Refusals = { PendingDeletion: "Rejected.PendingDeletion" };
const FREE: Refusals = {};
const TOGGLE: Refusals = {
  PendingDeletion: "Rejected.StateModifiedFailed",
  PendingImport: "Rejected.StateModifiedFailed",
};
const NOT_WHILE_DELETING: Refusals = { PendingDeletion: "Rejected.StateModifiedFailed" };

/** Key states × operations, as the service's table has them: the states an operation is refused in, and with which code. */
export const STATE_TABLE = {
  Encrypt: USE,
  Decrypt: USE,
  ReEncrypt: USE,
  GenerateDataKey: USE,
  GenerateDataKeyWithoutPlaintext: USE,
  GenerateAndExportDataKey: USE,
  ExportDataKey: USE,
  AsymmetricEncrypt: USE,
  AsymmetricDecrypt: USE,
  AsymmetricSign: USE,
  AsymmetricVerify: USE,
  CreateKeyVersion: USE,
  UpdateRotationPolicy: USE,
  RotateKey: USE,
  // Not in the service's table: a public key is no secret, but there is none before the first import.
  GetPublicKey: { PendingImport: "Rejected.PendingImport" },
  UpdateKeyDescription: EDIT,
  SetDeletionProtection: EDIT,
  TagResource: EDIT,
  UntagResource: EDIT,
  UpdateAlias: EDIT,
  EnableKey: TOGGLE,
  DisableKey: TOGGLE,
  ScheduleKeyDeletion: NOT_WHILE_DELETING,
  CreateAlias: NOT_WHILE_DELETING,
  ImportKeyMaterial: NOT_WHILE_DELETING,
  CancelKeyDeletion: {
    Enabled: "Rejected.StateModifiedFailed",
    Disabled: "Rejected.StateModifiedFailed",
    PendingImport: "Rejected.StateModifiedFailed",
  },
  GetParametersForImport: FREE,
  DeleteKeyMaterial: FREE,
  DescribeKey: FREE,
  DescribeKeyVersion: FREE,
  ListKeyVersions: FREE,
  ListAliasesByKeyId: FREE,
  ListResourceTags: FREE,
  DeleteAlias: FREE,
} as const satisfies Readonly<Record<string, Refusals>>;

/** An operation on a key, by the service's name. */
export type KeyOperation = keyof typeof STATE_TABLE;

/** Refuses what the key's state does not allow. */
export function requireState(operation: KeyOperation, state: KeyState): void {
  const refusals: Refusals = STATE_TABLE[operation];
  const code = refusals[state];
  if (code === undefined) return;
  const message =
    code === "Rejected.StateModifiedFailed"
      ? `Keystate modified failed. ${operation} is not possible while the key state is ${state}.`
      : `The request was rejected because the key state is ${state}.`;
  throw new KmsError(code, message);
}
