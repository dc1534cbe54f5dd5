import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { LanelockError } from "../../errors.ts";
import { messageOf } from "../../shared/thrown.ts";

/** @throws LanelockError `ERR_ARGUMENT` unless `pem` begins with a certificate. @param option `ca of externalKeys()` */
export function requireCertificate(option: string, pem: string): void {
  // Node silently accepts text that is not a certificate as `ca`, and then trusts nobody.
  attempt(option, "a certificate in PEM", () => new X509Certificate(pem));
}

/** @throws LanelockError `ERR_ARGUMENT` unless the private key is that of the certificate */
export function requireKeyPair(option: string, pair: { certificate: string; privateKey: string }): void {
  const { certificate: cert, privateKey: key } = pair;
  attempt(option, "a certificate and its own private key, both in PEM", () => createSecureContext({ cert, key }));
}

function attempt(option: string, wanted: string, work: () => unknown): void {
  try {
    work();
  } catch (cause) {
    const message = `The option ${option} must be ${wanted}: ${messageOf(cause)}.`;
    throw new LanelockError("ERR_ARGUMENT", message, { cause });
  }
}
