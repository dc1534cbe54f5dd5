import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LanelockError } from "../../errors.ts";
import type { KeyProvider } from "../../kms/ports/index.ts";
import { type ExternalCredentials, externalKeys } from "../../providers/external/index.ts";
import { readPrivateFile } from "../../shared/private-file.ts";
import { fileError } from "../files/file-error.ts";
import { readConfiguration, requireText } from "./json-file.ts";

const WHAT = "external key configuration";
const KNOWN = [
  ...["url", "ca", "serverName", "client", "secretFile", "certificate", "privateKey"],
  ...["verifyEncrypt", "timeoutMs", "maxConnections"],
];

/**
 * The provider of EXTERNAL keys that a JSON file describes: `url`; `ca`, a PEM file; `client` and `secretFile`, or `certificate` and
 * `privateKey`, PEM files; `serverName`, `verifyEncrypt`, `timeoutMs` and `maxConnections` as `externalKeys` takes them. Paths are
 * relative to the file's folder.
 *
 * @throws LanelockError `ERR_STORE` for a file that cannot be read, `ERR_ARGUMENT` for what is wrong in it
 */
export function externalKeysOf(path: string): KeyProvider {
  const { members } = readConfiguration({ path, what: WHAT, known: KNOWN });
  const place = `The ${WHAT} ${path}`;
  const text = (name: string) => requireText(members.get(name), name, place);
  const file = (name: string) => resolve(dirname(path), text(name));
  const optional = <T>(name: string, read: (name: string) => T) => (members.has(name) ? read(name) : undefined);
  return externalKeys({
    url: text("url"),
    ca: optional("ca", (name) => readPem(file(name))),
    serverName: optional("serverName", text),
    credentials: credentialsOf(members, place, file),
    verifyEncrypt: optional("verifyEncrypt", (name) => booleanOf(members.get(name), name, place)),
    timeoutMs: optional("timeoutMs", (name) => numberOf(members.get(name), name, place)),
    maxConnections: optional("maxConnections", (name) => numberOf(members.get(name), name, place)),
  });
}

function credentialsOf(
  members: ReadonlyMap<string, unknown>,
  place: string,
  file: (name: string) => string,
): ExternalCredentials {
  const [byCertificate, bySecret] = [members.has("certificate"), members.has("client")];
  if (byCertificate === bySecret) {
    const message = `${place} must have "client" and "secretFile", or "certificate" and "privateKey".`;
    throw new LanelockError("ERR_ARGUMENT", message);
  }
  if (byCertificate)
    return { certificate: readPem(file("certificate")), privateKey: readPrivateKey(file("privateKey")) };
  return { client: requireText(members.get("client"), "client", place), secret: { file: file("secretFile") } };
}

function numberOf(value: unknown, name: string, place: string): number {
  if (typeof value === "number") return value;
  throw new LanelockError("ERR_ARGUMENT", `${place}: "${name}" must be a number.`);
}

function booleanOf(value: unknown, name: string, place: string): boolean {
  if (typeof value === "boolean") return value;
  throw new LanelockError("ERR_ARGUMENT", `${place}: "${name}" must be true or false.`);
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw fileError(error, { verb: "read", name: path });
  }
}

function readPrivateKey(path: string): string {
  const what = "private key file";
  const bytes = readPrivateFile({ path, what, unreadable: "ERR_STORE", exposed: "ERR_ARGUMENT" });
  return new TextDecoder().decode(bytes);
}
