import { nextRotationAt } from "../../policy/due.ts";
import { isSymmetric, KEY_SPECS, PROTECTION_LEVELS } from "../../policy/key-matrix.ts";
import type { Custody, KeyRow, KeySpec, KeyState, KeyUsage, Origin, ProtectionLevel } from "../../ports/index.ts";
import { optional } from "../../schema/field.ts";
import { boolean, date } from "../../schema/scalars.ts";
import { fields } from "../../schema/schema.ts";
import { choice, string } from "../../schema/text.ts";
import { keyArn, type Realm } from "../../wire/ids.ts";

/** A key as DescribeKey and CreateKey answer it. Dates that do not apply are `undefined`. */
export interface KeyMetadata {
  readonly keyId: string;
  readonly arn: string;
  readonly creator: string;
  readonly creationDate: Date;
  readonly description: string;
  readonly keySpec: KeySpec;
  readonly keyUsage: KeyUsage;
  readonly keyState: KeyState;
  readonly origin: Origin;
  readonly protectionLevel: ProtectionLevel;
  /** Symmetric keys only: the version new calls use. */
  readonly primaryKeyVersion?: string | undefined;
  /** While PendingDeletion: when the key will be gone. */
  readonly deleteDate?: Date | undefined;
  /** When imported material expires; absent: never. */
  readonly materialExpireTime?: Date | undefined;
  readonly lastRotationDate: Date;
  readonly automaticRotation: "Enabled" | "Disabled" | "Suspended";
  /** `604800s`, while rotation is on. */
  readonly rotationInterval?: string | undefined;
  readonly nextRotationDate?: Date | undefined;
  readonly deletionProtection: "Enabled" | "Disabled";
  readonly deletionProtectionDescription: string;
  /** Ours: where the secret is while it is used; absent while there is none. */
  readonly custody?: Custody | undefined;
  /** Ours: made from given material (`allowSeeding`), which somebody else may know. */
  readonly seeded: boolean;
}

const SWITCH = ["Enabled", "Disabled"] as const;

export const keyMetadataSchema = fields<KeyMetadata>()({
  keyId: string(),
  arn: string(),
  creator: string(),
  creationDate: date(),
  description: string({ ifMissing: "" }),
  keySpec: choice(KEY_SPECS),
  keyUsage: choice<KeyUsage>(["ENCRYPT/DECRYPT", "SIGN/VERIFY"]),
  keyState: choice<KeyState>(["Enabled", "Disabled", "PendingDeletion", "PendingImport"]),
  origin: choice<Origin>(["Aliyun_KMS", "EXTERNAL"]),
  protectionLevel: choice(PROTECTION_LEVELS),
  primaryKeyVersion: optional(string({ doc: "Symmetric keys only." })),
  deleteDate: optional(date({ emptyText: "", doc: "While PendingDeletion." })),
  materialExpireTime: optional(date({ emptyText: "", doc: "When imported material expires, if it does." })),
  lastRotationDate: date(),
  automaticRotation: choice<KeyMetadata["automaticRotation"]>([...SWITCH, "Suspended"]),
  rotationInterval: optional(string({ form: "like `604800s`", doc: "While rotation is on." })),
  nextRotationDate: optional(date({ doc: "While rotation is on." })),
  deletionProtection: choice(SWITCH, { ifMissing: "Disabled" }),
  deletionProtectionDescription: string({ ifMissing: "" }),
  custody: optional(
    choice<Custody>(["software", "token", "token-wrapped", "external"], {
      doc: "Ours: where the secret is while it is used.",
    }),
  ),
  seeded: boolean({ ifMissing: false, doc: "Ours: made from given material." }),
});

function dateOf(time: number | null | undefined): Date | undefined {
  return time === null || time === undefined ? undefined : new Date(time);
}

export function keyMetadata(
  row: Omit<KeyRow, "mac">,
  { realm, custody }: { realm: Realm; custody: Custody | undefined },
): KeyMetadata {
  const rotating = row.state === "Enabled" ? "Enabled" : "Suspended";
  return {
    keyId: row.keyId,
    arn: keyArn(realm, row.keyId),
    creator: row.creator,
    creationDate: new Date(row.createdAt),
    description: row.description,
    keySpec: row.keySpec,
    keyUsage: row.keyUsage,
    keyState: row.state,
    origin: row.origin,
    protectionLevel: row.protectionLevel,
    primaryKeyVersion: isSymmetric(row.keySpec) ? (row.primaryVersionId ?? undefined) : undefined,
    deleteDate: row.state === "PendingDeletion" ? dateOf(row.deleteAt) : undefined,
    materialExpireTime: dateOf(row.materialExpiresAt),
    lastRotationDate: new Date(row.lastRotatedAt),
    automaticRotation: row.rotationEnabled ? rotating : "Disabled",
    rotationInterval: row.rotationEnabled ? `${row.rotationSeconds}s` : undefined,
    nextRotationDate: dateOf(nextRotationAt(row)),
    deletionProtection: row.deletionProtected ? "Enabled" : "Disabled",
    deletionProtectionDescription: row.deletionProtectionDescription,
    custody,
    seeded: row.seeded,
  };
}
