import { codeOf, messageOf } from "../../shared/thrown.ts";

const unreachable = "The host cannot be reached: check the network, firewalls, and the option url.";
const closed = "It closed the connection; its log may say why.";
const tooManyFiles = "This process has too many files open: raise its limit (ulimit -n).";
const untrusted =
  "Its certificate comes from an authority that is not trusted here: give that authority's as the option ca.";
const noTls = "It does not speak TLS 1.3 at this port: check the option url.";

/** What to do about a failed connection, by the code of Node, OpenSSL or the system. */
const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Nothing listens there: start the key manager, or correct the option url.",
  ENOTFOUND: "There is no such host: correct the option url.",
  EAI_AGAIN: "The name server does not answer: check the network.",
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ETIMEDOUT: unreachable,
  ECONNRESET: closed,
  EPIPE: closed,
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_HAS_EXPIRED: "Its certificate has expired: renew it there.",
  CERT_NOT_YET_VALID: "Its certificate is not valid yet: check the clocks of both machines.",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "Its certificate is for another name: correct the option url, or give the certificate's name as the option serverName.",
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_UNSUPPORTED_PROTOCOL: noTls,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: noTls,
};

/** The sentence of advice after the error of a call. */
export function adviceFor(cause: unknown): string {
  const code = codeOf(cause) ?? "";
  if (code.startsWith("HPE_")) return "It does not speak HTTP/1.1 at this port: check the option url.";
  if (/^ERR_SSL_.*ALERT/.test(code) && !(code in advice)) {
    return "It does not take the certificate of this client: check the option credentials.";
  }
  return advice[code] ?? "The log of the key manager may say more.";
}

/** An error's message. Some of Node's errors have only a code. */
export function reasonOf(cause: unknown): string {
  return messageOf(cause) || codeOf(cause) || "an error without a message";
}
