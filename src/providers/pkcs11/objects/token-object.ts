import { LanelockError } from "../../../errors.ts";
import { withDeadline } from "../../../shared/deadline.ts";
import { performance } from "../../../shared/timers.ts";
import { CKA, CKO } from "../session/constants.ts";
import type { Attribute, Handle } from "../session/cryptoki.ts";
import type { Session, Token } from "../session/token.ts";
import { calling, TokenError } from "../session/token-error.ts";

export interface ObjectIdentity {
  readonly objectClass: (typeof CKO)[keyof typeof CKO];
  readonly keyType: number;
  readonly label: string;
  /** CKA_ID; absent for an object that is identified by its label alone. */
  readonly id?: Buffer | undefined;
}

/** A handle older than this, in ms, is checked before use: after a restart of the module it may name another object. */
const trustHandleMs = 1000;
const classNames = { [CKO.SECRET_KEY]: "secret key", [CKO.PRIVATE_KEY]: "private key", [CKO.PUBLIC_KEY]: "public key" };

/** The token answers and has no such object, or one with another label under the same CKA_ID. */
export class MissingObject extends LanelockError {
  constructor(message: string) {
    super("ERR_PROVIDER", message);
  }
}

/** A key object of a token, found by CKA_ID and CKA_LABEL. Its handle is kept as long as that is safe. */
export class TokenObject {
  readonly token: Token;
  readonly identity: ObjectIdentity;
  #handle: Handle | undefined;
  #generation = -1;
  #checkedAt = 0;
  #search: Promise<void> | undefined;

  constructor(token: Token, identity: ObjectIdentity) {
    this.token = token;
    this.identity = identity;
  }

  /** The handle, if it is known and still names this object. Otherwise {@link locate} finds it. */
  handleIn(session: Session): Handle | undefined {
    if (this.#handle === undefined || this.#generation !== this.token.generation) return undefined;
    const now = performance.now();
    if (now - this.#checkedAt > trustHandleMs) {
      if (!this.#stillNamesThis(session, this.#handle)) {
        this.forget();
        return undefined;
      }
      this.#checkedAt = now;
    }
    return this.#handle;
  }

  /** Forgets a handle that is not valid any more. */
  forget(): void {
    this.#handle = undefined;
  }

  /**
   * Finds the object unless its handle is known. Concurrent callers share the search.
   *
   * @throws MissingObject when there is no such object, or one with another label; LanelockError `ERR_PROVIDER` when there is more
   * than one, or one that was not made here
   */
  async locate(signal?: AbortSignal): Promise<void> {
    if (this.#handle !== undefined && this.#generation === this.token.generation) return;
    this.#search ??= this.#find().finally(() => {
      this.#search = undefined;
    });
    const { timeoutMs } = this.token;
    await withDeadline({ signal, timeoutMs, what: "The search for the key object did not end" }, this.#search);
  }

  async #find(): Promise<void> {
    const { token } = this;
    const { objectClass, id, label } = this.identity;
    const by = id ? { type: CKA.ID, value: id } : { type: CKA.LABEL, value: label };
    await searchToken(token, [{ type: CKA.CLASS, value: objectClass }, by], (session, found) => {
      const [handle, another] = found;
      if (!handle)
        throw new MissingObject(this.#sentence("there is no such object; was it deleted, or is this another token?"));
      if (another)
        throw this.#error(`${found.length} objects have this ${id ? "CKA_ID" : "label"}; delete the wrong ones`);
      this.#refuseForeign(session, handle);
      this.#handle = handle;
      this.#generation = token.generation;
      this.#checkedAt = performance.now();
    });
  }

  #refuseForeign(session: Session, handle: Handle): void {
    const types = [CKA.LABEL, CKA.KEY_TYPE, CKA.SENSITIVE, CKA.EXTRACTABLE];
    const [label, keyType, sensitive, extractable] = readAttributes(this.token, { session, handle, types });
    if (label?.toString("utf8") !== this.identity.label)
      throw new MissingObject(this.#sentence("the object there has another label"));
    if (keyType?.readUInt32LE(0) !== this.identity.keyType)
      throw this.#error("the object there is of another key type");
    // Keys made here cannot be extracted. One that can was put there by others.
    if (sensitive?.[0] !== 1 || extractable?.[0] !== 0) throw this.#error("the key there may leave the token");
  }

  #stillNamesThis(session: Session, handle: Handle): boolean {
    const { id, label } = this.identity;
    const [value] = readAttributes(this.token, { session, handle, types: [id ? CKA.ID : CKA.LABEL] });
    return value?.equals(id ?? Buffer.from(label)) ?? false;
  }

  #error(reason: string): LanelockError {
    return new LanelockError("ERR_PROVIDER", this.#sentence(reason));
  }

  #sentence(reason: string): string {
    const { objectClass, label, id } = this.identity;
    const name = `${classNames[objectClass]} "${label}"${id ? ` (CKA_ID ${id.toString("hex")})` : ""}`;
    return `The ${name} on the token ${this.token.name}: ${reason}.`;
  }
}

/**
 * Searches a token and passes the handles of at most eight fitting objects to `work`, in the session of the search. An empty result
 * counts only if the token answers from its slot: SoftHSM finds nothing on a token that was removed.
 */
export async function searchToken<T>(
  token: Token,
  template: readonly Attribute[],
  work: (session: Session, found: Handle[]) => T,
): Promise<T> {
  const { api, timeoutMs } = token;
  const find = (session: Session) => {
    calling("C_FindObjectsInit", () => api.C_FindObjectsInit(session.handle, [...template]));
    const found = calling("C_FindObjects", () => api.C_FindObjects(session.handle, 8));
    calling("C_FindObjectsFinal", () => api.C_FindObjectsFinal(session.handle));
    return found.length === 0 && !token.isPresent() ? undefined : { result: work(session, found) };
  };
  const search = () => token.withSession({ timeoutMs }, find);
  return token.withObjects({ timeoutMs }, async () => {
    const answer = (await search()) ?? (await search());
    if (!answer) throw new TokenError("CKR_TOKEN_NOT_PRESENT", "C_FindObjects");
    return answer.result;
  });
}

/** The template of a search for exactly this object. */
export function templateOf({ objectClass, id, label }: ObjectIdentity): Attribute[] {
  const template: Attribute[] = [
    { type: CKA.CLASS, value: objectClass },
    { type: CKA.LABEL, value: label },
  ];
  return id ? [...template, { type: CKA.ID, value: id }] : template;
}

/** Destroys every matching object. Succeeds if there is none. */
export async function destroyObjects(token: Token, template: readonly Attribute[]): Promise<void> {
  await searchToken(token, template, (session, found) => {
    for (const handle of found) calling("C_DestroyObject", () => token.api.C_DestroyObject(session.handle, handle));
  });
}

interface AttributeRequest {
  readonly session: Session;
  readonly handle: Handle;
  readonly types: readonly number[];
}

/** The values of attributes that are not secret, in the order of `types`. */
export function readAttributes(token: Token, { session, handle, types }: AttributeRequest): Buffer[] {
  const template = types.map((type) => ({ type }));
  const values = calling("C_GetAttributeValue", () => token.api.C_GetAttributeValue(session.handle, handle, template));
  return values.map(({ value }) => value);
}
