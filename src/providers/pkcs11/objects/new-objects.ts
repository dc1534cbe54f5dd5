import { randomBytes } from "node:crypto";
import { withDeadline } from "../../../shared/deadline.ts";
import { CKA } from "../session/constants.ts";
import type { Attribute, Handle } from "../session/cryptoki.ts";
import type { Session, Token } from "../session/token.ts";
import { calling, failedWith, TokenError } from "../session/token-error.ts";
import { destroyObjects, type ObjectIdentity, readAttributes, templateOf } from "./token-object.ts";

/** The uses of a key; all others are forbidden. */
export type Usage = "encrypt" | "decrypt" | "sign" | "derive";

export interface NewObject {
  readonly identity: ObjectIdentity & { readonly id: Buffer };
  readonly usages: readonly Usage[];
  /** The only mechanism that may use the key, where the token can restrict it. */
  readonly onlyMechanism?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Makes the object from a template, to which it adds the attributes of its kind of key. */
  readonly make: (session: Session, template: Attribute[]) => Handle | Promise<Handle>;
}

/** Errors of tokens that do not know CKA_ALLOWED_MECHANISMS; NSS's is CKR_GENERAL_ERROR. */
const unknownAttribute = [
  "CKR_ATTRIBUTE_TYPE_INVALID",
  "CKR_ATTRIBUTE_VALUE_INVALID",
  "CKR_TEMPLATE_INCONSISTENT",
  "CKR_ARGUMENTS_BAD",
  "CKR_GENERAL_ERROR",
  "CKR_FUNCTION_FAILED",
];

/** A new CKA_ID for every object: NSS overwrites a key when another one gets the same. */
export function newId(): Buffer {
  return randomBytes(20);
}

/** Makes a key object that is persistent, sensitive and not extractable. It is durable when this resolves. */
export async function createObject(token: Token, wanted: NewObject): Promise<void> {
  const unrestricted = { ...wanted, onlyMechanism: undefined };
  if (wanted.onlyMechanism === undefined || token.cannotRestrict) return create(token, unrestricted);
  // Twice, so that one temporary failure does not make the token count as one that cannot restrict.
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    try {
      return await create(token, wanted);
    } catch (error) {
      if (!failedWith(error, ...unknownAttribute)) throw error;
    }
  }
  await create(token, unrestricted);
  token.cannotRestrict = true;
}

async function create(token: Token, wanted: NewObject): Promise<void> {
  const { signal } = wanted;
  const { timeoutMs } = token;
  const creation = token.withObjects({ signal, timeoutMs }, () =>
    token.withSession({ signal, timeoutMs }, (session) => makeAndCheck(token, wanted, session)),
  );
  let failed = false;
  const ended = creation.catch(() => {
    failed = true;
  });
  try {
    await withDeadline({ signal, timeoutMs, what: `The token ${token.name} did not make the key` }, creation);
  } catch (error) {
    // A failed creation may have left the object, and one that its caller gave up on may still finish.
    const destroyed = ended.then(() => destroyObjects(token, templateOf(wanted.identity))).catch(() => undefined);
    if (failed) await destroyed;
    throw error;
  }
}

async function makeAndCheck(token: Token, wanted: NewObject, session: Session): Promise<void> {
  const handle = await wanted.make(session, keyTemplate(wanted));
  const types = [CKA.SENSITIVE, CKA.EXTRACTABLE];
  const [sensitive, extractable] = readAttributes(token, { session, handle, types });
  if (sensitive?.[0] === 1 && extractable?.[0] === 0) return;
  calling("C_DestroyObject", () => token.api.C_DestroyObject(session.handle, handle));
  throw new TokenError(
    "CKR_TEMPLATE_INCONSISTENT",
    "C_GetAttributeValue (the new key is not sensitive, or extractable)",
  );
}

function keyTemplate({ identity, usages, onlyMechanism }: NewObject): Attribute[] {
  const allows = (usage: Usage) => usages.includes(usage);
  const template: Attribute[] = [
    { type: CKA.CLASS, value: identity.objectClass },
    { type: CKA.KEY_TYPE, value: identity.keyType },
    { type: CKA.ID, value: identity.id },
    { type: CKA.LABEL, value: identity.label },
    { type: CKA.TOKEN, value: true },
    { type: CKA.PRIVATE, value: true },
    { type: CKA.SENSITIVE, value: true },
    { type: CKA.EXTRACTABLE, value: false },
    { type: CKA.MODIFIABLE, value: false },
    { type: CKA.DECRYPT, value: allows("decrypt") },
    { type: CKA.SIGN, value: allows("sign") },
    { type: CKA.DERIVE, value: allows("derive") },
    { type: CKA.UNWRAP, value: false },
  ];
  if (allows("encrypt")) template.push({ type: CKA.ENCRYPT, value: true }, { type: CKA.WRAP, value: false });
  if (onlyMechanism !== undefined) {
    const list = Buffer.alloc(8);
    list.writeUInt32LE(onlyMechanism);
    template.push({ type: CKA.ALLOWED_MECHANISMS, value: list });
  }
  return template;
}
