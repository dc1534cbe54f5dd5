import { LanelockError } from "../errors.ts";
import { isLocalHost } from "../shared/local-host.ts";

/** Where requests go. */
export interface Endpoint {
  /** `https://kms.cn-hangzhou.aliyuncs.com` */
  readonly origin: string;
  /** As the header Host has it, and the signature: with the port where it is not the scheme's own. */
  readonly host: string;
}

/**
 * Reads the option `endpoint`. Its parts but scheme, host and port are refused: a user name or a query in it would be sent along, or
 * ignored, and neither is meant.
 *
 * @throws LanelockError `ERR_ARGUMENT`
 */
export function readEndpoint(given: unknown, insecure: boolean): Endpoint {
  if (typeof given !== "string" || given === "")
    throw wrong("must be a URL like https://kms.cn-hangzhou.aliyuncs.com.");
  const url = parsed(/^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `https://${given}`);
  if (url.username !== "" || url.password !== "") {
    throw wrong("holds a user name or password. Access keys belong in the option credentials.");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw wrong("must be of https, or of http on this machine.");
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw wrong("must be scheme, host and port alone: operations go to the path /.");
  }
  const isLocal = isLocalHost(url.hostname.replace(/^\[(.*)\]$/, "$1"));
  if (url.protocol === "http:" && !isLocal && !insecure) {
    throw wrong(
      `${url.origin} would send plaintexts and data keys unencrypted to another machine. Use https, or say insecure: true.`,
    );
  }
  return { origin: url.origin, host: url.host };
}

function parsed(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw wrong("is no URL. Give one like https://kms.cn-hangzhou.aliyuncs.com.", cause);
  }
}

function wrong(what: string, cause?: unknown): LanelockError {
  return new LanelockError("ERR_ARGUMENT", `The option endpoint of kmsClient ${what}`, { cause });
}
