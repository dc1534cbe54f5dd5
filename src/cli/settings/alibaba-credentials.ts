import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Credentials } from "../../client/index.ts";
import { LanelockError } from "../../errors.ts";
import { readPrivateFile } from "../../shared/private-file.ts";
import { UsageError } from "../report/failures.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The access key for a server, where Alibaba's own tools look for it: the environment, `~/.alibabacloud/credentials` (or the file that
 * ALIBABA_CLOUD_CREDENTIALS_FILE names), and `~/.aliyun/config.json`. The first that is there decides.
 *
 * @throws UsageError, LanelockError `ERR_ARGUMENT` that say what is missing or wrong, and never show a secret
 */
export function alibabaCredentials(): Credentials {
  return fromEnvironment() ?? fromCredentialsFile() ?? fromCliFile() ?? none();
}

function none(): never {
  throw new UsageError(
    "A server needs an access key. Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or write " +
      "~/.alibabacloud/credentials or ~/.aliyun/config.json.",
  );
}

function fromEnvironment(): Credentials | undefined {
  const {
    ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
    ALIBABA_CLOUD_SECURITY_TOKEN: securityToken,
  } = process.env;
  if (!accessKeyId && !accessKeySecret) return undefined;
  if (accessKeyId && accessKeySecret)
    return { accessKeyId, accessKeySecret, securityToken: securityToken || undefined };
  throw new UsageError("ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET go together.");
}

function fromCredentialsFile(): Credentials | undefined {
  const named = process.env.ALIBABA_CLOUD_CREDENTIALS_FILE;
  const path = named || join(homedir(), ".alibabacloud/credentials");
  if (!named && !existsSync(path)) return undefined;
  const profile = process.env.ALIBABA_CLOUD_PROFILE || "default";
  const found = iniSections(read(path)).get(profile);
  if (found === undefined) throw wrong(path, `has no section [${profile}]`);
  const fields = Object.fromEntries(found);
  return credentialsOf(path, fields, { kind: fields.type, kinds: ["access_key", "sts"], token: "security_token" });
}

function fromCliFile(): Credentials | undefined {
  const path = join(homedir(), ".aliyun/config.json");
  if (!existsSync(path)) return undefined;
  const { current, profiles } = objectIn(path, read(path));
  const name = process.env.ALIBABA_CLOUD_PROFILE || current;
  const list: readonly unknown[] = Array.isArray(profiles) ? profiles : [];
  const found = list.find((one) => isObject(one) && one.name === name);
  if (!isObject(found)) throw wrong(path, `has no profile "${String(name)}"`);
  return credentialsOf(path, found, { kind: found.mode, kinds: ["AK", "StsToken"], token: "sts_token" });
}

interface Form {
  readonly kind: unknown;
  /** What the kind may be; the last has a token. */
  readonly kinds: readonly string[];
  /** The name of the token's field. */
  readonly token: string;
}

function credentialsOf(path: string, fields: Fields, { kind, kinds, token }: Form): Credentials {
  if (typeof kind !== "string" || !kinds.includes(kind)) {
    throw wrong(path, `has credentials of the kind "${String(kind)}": lanelock takes ${kinds.join(" and ")}`);
  }
  const text = (name: string) => {
    const value = fields[name];
    if (typeof value === "string" && value !== "") return value;
    throw wrong(path, `lacks ${name}`);
  };
  const securityToken = kind === kinds.at(-1) ? text(token) : undefined;
  return { accessKeyId: text("access_key_id"), accessKeySecret: text("access_key_secret"), securityToken };
}

/** `[section]` and `name = value` lines; `#` and `;` begin comments. */
function iniSections(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, heading] = /^\s*\[([^\]]*)\]/.exec(line) ?? [];
    if (heading !== undefined) {
      section = new Map();
      sections.set(heading.trim(), section);
      continue;
    }
    const [, name, value] = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) section.set(name, value);
  }
  return sections;
}

function objectIn(path: string, text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would show a part of the file.
    throw wrong(path, "is not JSON");
  }
  if (isObject(value)) return value;
  throw wrong(path, "is not a JSON object");
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function read(path: string): string {
  const bytes = readPrivateFile({
    path,
    what: "credentials file",
    unreadable: "ERR_ARGUMENT",
    exposed: "ERR_ARGUMENT",
  });
  return new TextDecoder().decode(bytes);
}

function wrong(path: string, what: string): LanelockError {
  return new LanelockError("ERR_ARGUMENT", `The credentials file ${path} ${what}.`);
}
