import { KmsError, type KmsErrorCode } from "../ports/errors.ts";
import type { KeyState } from "../ports/index.ts";

/** The states of a key in which an operation is refused, and the code of each refusal. In the others it is allowed. */
export type Refusals = Readonly<Partial<Record<KeyState, KmsErrorCode>>>;

/** Refused in every state but Enabled: operations that need the key's material. */
export const WHILE_ENABLED: Refusals = {
  Disabled: "Rejected.Disabled",
  PendingDeletion: "Rejected.PendingDeletion",
  PendingImport: "Rejected.PendingImport",
};

/** Allowed in every state. */
export const ALWAYS: Refusals = {};

/** Refused while the key waits for its deletion: edits of what is known about it. */
export const UNTIL_DELETION: Refusals = { PendingDeletion: "Rejected.PendingDeletion" };

/** The same, refused as a change of the key's state. */
export const UNTIL_DELETION_STATE: Refusals = { PendingDeletion: "Rejected.StateModifiedFailed" };

/** Allowed between Enabled and Disabled. */
export const ENABLED_OR_DISABLED: Refusals = {
  PendingDeletion: "Rejected.StateModifiedFailed",
  PendingImport: "Rejected.StateModifiedFailed",
};

/** Allowed only while the key waits for its deletion. */
export const WHILE_PENDING_DELETION: Refusals = {
  Enabled: "Rejected.StateModifiedFailed",
  Disabled: "Rejected.StateModifiedFailed",
  PendingImport: "Rejected.StateModifiedFailed",
};

/** Not in the service's table: a public key is not secret, but it does not exist before the first import. */
export const ONCE_IMPORTED: Refusals = { PendingImport: "Rejected.PendingImport" };

/** What the state table says of one operation. */
export interface StateRule {
  /** In the service: `Encrypt`. */
  readonly name: string;
  /** Absent for operations on no key. */
  readonly states?: Refusals | undefined;
}

/** Refuses what the key's state does not allow. */
export function requireState({ name, states }: StateRule, state: KeyState): void {
  const code = states?.[state];
  if (code === undefined) return;
  const message =
    code === "Rejected.StateModifiedFailed"
      ? `Keystate modified failed. ${name} is not possible while the key state is ${state}.`
      : `The request was rejected because the key state is ${state}.`;
  throw new KmsError(code, message);
}
