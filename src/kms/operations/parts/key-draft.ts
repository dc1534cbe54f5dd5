import type { Call } from "../../core/call.ts";
import { cannotRotate } from "../../life-cycle/transitions.ts";
import {
  algorithmsOf,
  defaultUsage,
  initialMode,
  KEY_SPECS,
  type KeyKind,
  PROTECTION_LEVELS,
  requireKind,
} from "../../policy/key-matrix.ts";
import { MAX_DESCRIPTION_CHARACTERS } from "../../policy/limits.ts";
import { invalidParameter, missingParameter } from "../../ports/errors.ts";
import type { CipherMode, KeyRow, KeySpec, KeyUsage, Origin, ProtectionLevel } from "../../ports/index.ts";
import { optional, withDefault } from "../../schema/field.ts";
import { choice, text } from "../../schema/text.ts";
import { MODE_OF } from "../../wire/blob.ts";
import { newKeyId } from "../../wire/ids.ts";
import { isRotatable } from "./rotation.ts";

/** The fields that say what kind of key is wanted. */
export const kindFields = {
  description: withDefault(text(MAX_DESCRIPTION_CHARACTERS), ""),
  keySpec: withDefault(choice(KEY_SPECS), "Aliyun_AES_256"),
  keyUsage: optional(
    choice<KeyUsage>(["ENCRYPT/DECRYPT", "SIGN/VERIFY"], {
      doc: "Where absent, `SIGN/VERIFY` if the KeySpec can sign.",
    }),
  ),
  protectionLevel: withDefault(choice(PROTECTION_LEVELS), "SOFTWARE"),
  importMode: optional(
    choice<CipherMode>(["GCM", "CBC", "ECB"], {
      doc: "Ours, for imported material of a KeySpec with several modes: the one it is for; `GCM` where absent.",
    }),
  ),
};

export type Draft = Omit<KeyRow, "mac">;

/** What a new key is to be. */
export interface DraftRequest {
  readonly description: string;
  readonly keySpec: KeySpec;
  readonly keyUsage: KeyUsage | undefined;
  readonly origin: Origin;
  readonly protectionLevel: ProtectionLevel;
  readonly enableAutomaticRotation: boolean;
  /** Seconds. */
  readonly rotationInterval: number | undefined;
  readonly importMode: CipherMode | undefined;
}

/** The row of a key that a request describes, under a fresh id. */
export function draftOf({ core }: Call, request: DraftRequest): Draft {
  const { keySpec, origin, protectionLevel, description } = request;
  const keyUsage = request.keyUsage ?? defaultUsage(keySpec);
  const kind: KeyKind = { keySpec, keyUsage, protectionLevel };
  requireKind(kind, origin);
  core.provider(protectionLevel);
  const now = core.now();
  return {
    keyId: newKeyId(),
    creator: core.realm.accountId,
    createdAt: now,
    description,
    ...kind,
    origin,
    mode: modeOf(request, kind, origin),
    state: origin === "EXTERNAL" ? "PendingImport" : "Enabled",
    primaryVersionId: null,
    deleteAt: null,
    materialExpiresAt: null,
    lastRotatedAt: now,
    ...rotationOf(request, kind, origin),
    deletionProtected: false,
    deletionProtectionDescription: "",
    materialFingerprint: null,
    seeded: false,
  };
}

function modeOf({ importMode }: DraftRequest, kind: KeyKind, origin: Origin): KeyRow["mode"] {
  if (importMode === undefined) return initialMode(kind, origin);
  const modes = algorithmsOf(kind).flatMap((algorithm) =>
    algorithm in MODE_OF ? [MODE_OF[algorithm as keyof typeof MODE_OF]] : [],
  );
  if (origin !== "EXTERNAL" || modes.length === 0) {
    throw invalidParameter("ImportMode", "It is for symmetric keys of origin EXTERNAL.");
  }
  if (!modes.includes(importMode)) throw invalidParameter("ImportMode", `It must be one of: ${modes.join(", ")}.`);
  return importMode;
}

function rotationOf(request: DraftRequest, { keySpec }: KeyKind, origin: Origin) {
  const { enableAutomaticRotation: rotationEnabled, rotationInterval: rotationSeconds } = request;
  if (!rotationEnabled) return { rotationEnabled, rotationSeconds: null };
  if (!isRotatable({ keySpec, origin })) throw cannotRotate();
  if (rotationSeconds === undefined) throw missingParameter("RotationInterval");
  return { rotationEnabled, rotationSeconds };
}
