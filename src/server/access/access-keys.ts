import { randomBytes } from "node:crypto";
import { LanelockError } from "../../errors.ts";
import { type AccessKey, decodeAccessKeys, encodeAccessKeys } from "./access-key-document.ts";
import { readPolicy } from "./policy-document.ts";

/** A sealed document of the store. A change and its audit event are written in one transaction. */
export interface SealedDocument {
  read(): Promise<Uint8Array | undefined>;
  change(operation: string, work: (old: Uint8Array | undefined) => Uint8Array): Promise<void>;
}

export interface NewAccessKey {
  /** 1 to 128 characters: what the access key is for. It is the caller's name in the audit log. */
  readonly name: string;
  /** A RAM policy as JSON: what the access key may do. Everything when absent. */
  readonly policy?: string | undefined;
  /** Makes it temporary: requests must also carry a security token, and are refused after this many seconds. */
  readonly temporarySeconds?: number | undefined;
  /** Given by a seed file; random otherwise. */
  readonly accessKeyId?: string | undefined;
  readonly accessKeySecret?: string | undefined;
}

export interface CreatedAccessKey {
  readonly accessKeyId: string;
  /** Shown this once. */
  readonly accessKeySecret: string;
  readonly securityToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

export interface ListedAccessKey {
  readonly accessKeyId: string;
  readonly name: string;
  readonly status: "Active" | "Inactive";
  readonly createdAt: Date;
  readonly expiresAt?: Date | undefined;
  readonly policy: string;
}

/** What an access key without a policy may do. */
export const EVERYTHING = JSON.stringify({
  Version: "1",
  Statement: [{ Effect: "Allow", Action: "kms:*", Resource: "*" }],
});

const MAX_ACCESS_KEYS = 10_000;
const ID_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const MAX_TEMPORARY_SECONDS = 43_200;

/** The access keys of a store: who may call its server. */
export class AccessKeys {
  readonly #document: SealedDocument;
  readonly #now: () => number;

  constructor(document: SealedDocument, now: () => number) {
    this.#document = document;
    this.#now = now;
  }

  /**
   * Creates an access key. Its secret of 30 characters holds 178 bits of the platform's randomness.
   *
   * @throws LanelockError `ERR_ARGUMENT` for an invalid name or policy, an existing id, or the 10,001st access key
   */
  async create(request: NewAccessKey): Promise<CreatedAccessKey> {
    const accessKey = this.#checked(request);
    await this.#document.change("CreateAccessKey", (old) => {
      const known = decodeAccessKeys(old);
      if (known.length >= MAX_ACCESS_KEYS) throw wrong(`A store has at most ${MAX_ACCESS_KEYS} access keys.`);
      if (known.some(({ accessKeyId }) => accessKeyId === accessKey.accessKeyId)) {
        throw wrong(`The access key ${accessKey.accessKeyId} exists already.`);
      }
      return encodeAccessKeys([...known, accessKey]);
    });
    const { accessKeyId, accessKeySecret, securityToken, expiresAt } = accessKey;
    return {
      accessKeyId,
      accessKeySecret,
      securityToken,
      expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
    };
  }

  /** Oldest first, without the secrets. */
  async list(): Promise<readonly ListedAccessKey[]> {
    return decodeAccessKeys(await this.#document.read()).map((one) => ({
      accessKeyId: one.accessKeyId,
      name: one.name,
      status: one.status,
      createdAt: new Date(one.createdAt),
      expiresAt: one.expiresAt === undefined ? undefined : new Date(one.expiresAt),
      policy: one.policy,
    }));
  }

  /** All of them, with their secrets: for the server that checks signatures. */
  async secrets(): Promise<readonly AccessKey[]> {
    return decodeAccessKeys(await this.#document.read());
  }

  /** Requests that an inactive access key signed are refused. */
  setStatus(accessKeyId: string, status: "Active" | "Inactive"): Promise<void> {
    const operation = status === "Active" ? "EnableAccessKey" : "DisableAccessKey";
    return this.#change(operation, accessKeyId, (one) => [{ ...one, status }]);
  }

  setPolicy(accessKeyId: string, policy: string): Promise<void> {
    readPolicy(policy);
    return this.#change("SetAccessKeyPolicy", accessKeyId, (one) => [{ ...one, policy }]);
  }

  delete(accessKeyId: string): Promise<void> {
    return this.#change("DeleteAccessKey", accessKeyId, () => []);
  }

  #change(
    operation: string,
    accessKeyId: string,
    replace: (accessKey: AccessKey) => readonly AccessKey[],
  ): Promise<void> {
    return this.#document.change(operation, (old) => {
      const known = decodeAccessKeys(old);
      if (!known.some((one) => one.accessKeyId === accessKeyId)) {
        throw wrong(`There is no access key ${JSON.stringify(String(accessKeyId).slice(0, 100))}.`);
      }
      return encodeAccessKeys(known.flatMap((one) => (one.accessKeyId === accessKeyId ? replace(one) : [one])));
    });
  }

  #checked({ name, policy = EVERYTHING, temporarySeconds, accessKeyId, accessKeySecret }: NewAccessKey): AccessKey {
    if (typeof name !== "string" || name === "" || name.length > 128 || /[^\x20-\x7e]/.test(name)) {
      throw wrong("The name of an access key must be 1 to 128 printable ASCII characters.");
    }
    if (typeof policy !== "string") throw wrong("The policy of an access key must be its JSON text.");
    readPolicy(policy);
    if (accessKeyId !== undefined && !/^[A-Za-z0-9]{4,128}$/.test(accessKeyId)) {
      throw wrong("An accessKeyId must be 4 to 128 letters and digits.");
    }
    if (accessKeySecret !== undefined && !/^[\x21-\x7e]{8,128}$/.test(accessKeySecret)) {
      throw wrong("An accessKeySecret must be 8 to 128 printable ASCII characters without spaces.");
    }
    const made: AccessKey = {
      accessKeyId: accessKeyId ?? `LTAI5t${drawText(18)}`,
      accessKeySecret: accessKeySecret ?? drawText(30),
      ...{ name, policy, createdAt: this.#now(), status: "Active" },
    };
    if (temporarySeconds === undefined) return made;
    if (!Number.isInteger(temporarySeconds) || temporarySeconds < 1 || temporarySeconds > MAX_TEMPORARY_SECONDS) {
      throw wrong(`temporarySeconds must be a whole number from 1 to ${MAX_TEMPORARY_SECONDS}.`);
    }
    const securityToken = randomBytes(96).toString("base64");
    return {
      ...made,
      accessKeyId: accessKeyId ?? `STS.${drawText(20)}`,
      ...{ securityToken, expiresAt: this.#now() + temporarySeconds * 1_000 },
    };
  }
}

/** Letters and digits of equal probability: bytes from 248 up are drawn again. */
function drawText(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += ID_CHARACTERS[byte % ID_CHARACTERS.length];
    }
  }
  return text;
}

function wrong(message: string): LanelockError {
  return new LanelockError("ERR_ARGUMENT", message);
}
