import { LanelockError } from "../errors.ts";
import type { MaybePromise } from "../shared/maybe-promise.ts";
import { messageOf } from "../shared/thrown.ts";

/** An access key of the service. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Of temporary credentials (STS), which need it with every request. */
  readonly securityToken?: string | undefined;
}

/** Gives the credentials for each request: read again, so that temporary ones can be replaced. */
export type CredentialsSource = () => MaybePromise<Credentials>;

/** What can stand in an Authorization header without ending its field. */
const ACCESS_KEY_ID = /^[\w.@-]{1,128}$/;
const PRINTABLE = /^[\x21-\x7e]{1,8192}$/;

/** @throws LanelockError `ERR_ARGUMENT`, which shows no value */
export function credentialsSource(given: Credentials | (() => Credentials | Promise<Credentials>)): CredentialsSource {
  if (typeof given !== "function") {
    const credentials = checked(given);
    return () => credentials;
  }
  return async () => checked(await ask(given));
}

async function ask(source: () => Credentials | Promise<Credentials>): Promise<Credentials> {
  try {
    return await source();
  } catch (cause) {
    if (cause instanceof LanelockError) throw cause;
    throw new LanelockError("ERR_PROVIDER", `The function credentials failed: ${messageOf(cause)}`, { cause });
  }
}

function checked(given: Credentials): Credentials {
  if (typeof given !== "object" || given === null) {
    throw wrong("credentials", "{ accessKeyId, accessKeySecret, securityToken? }, or a function that gives them");
  }
  // What else providers of credentials say, like the time of expiry, is theirs.
  const { accessKeyId, accessKeySecret, securityToken } = given;
  if (!isText(accessKeyId, ACCESS_KEY_ID)) {
    throw wrong("accessKeyId", "1 to 128 letters, digits and any of . _ @ -");
  }
  if (!isText(accessKeySecret, PRINTABLE)) throw wrong("accessKeySecret", "printable ASCII without spaces");
  if (securityToken !== undefined && !isText(securityToken, PRINTABLE)) {
    throw wrong("securityToken", "printable ASCII without spaces");
  }
  return { accessKeyId, accessKeySecret, securityToken };
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === "string" && form.test(value);
}

function wrong(name: string, rule: string): LanelockError {
  return new LanelockError("ERR_ARGUMENT", `Of kmsClient's credentials, ${name} must be ${rule}.`);
}
