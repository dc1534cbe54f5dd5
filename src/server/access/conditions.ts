import { BlockList, isIP } from "node:net";
import { matchesWildcard } from "./wildcard.ts";

export const CONDITION_OPERATORS = ["StringEquals", "StringLike", "IpAddress", "DateLessThan", "Bool"] as const;
export type ConditionOperator = (typeof CONDITION_OPERATORS)[number];

/** The properties of a request that conditions of a policy can test. */
export interface RequestFacts {
  readonly sourceIp: string;
  readonly secureTransport: boolean;
  /** Milliseconds since 1970. */
  readonly currentTime: number;
  readonly encryptionContext: Readonly<Record<string, string>>;
  /** Of the key that the request names. */
  readonly tags: ReadonlyMap<string, string>;
}

const KEYS: Readonly<Record<ConditionOperator, readonly RegExp[]>> = {
  StringEquals: [/^kms:tag\/.+/s, /^kms:EncryptionContext:.+/s, /^acs:SourceIp$/],
  StringLike: [/^kms:tag\/.+/s, /^kms:EncryptionContext:.+/s, /^acs:SourceIp$/],
  IpAddress: [/^acs:SourceIp$/],
  DateLessThan: [/^acs:CurrentTime$/],
  Bool: [/^acs:SecureTransport$/],
};

export function isConditionKey(operator: ConditionOperator, key: string): boolean {
  return KEYS[operator].some((pattern) => pattern.test(key));
}

export function isConditionValue(operator: ConditionOperator, value: string): boolean {
  switch (operator) {
    case "IpAddress":
      return range(value) !== undefined;
    case "DateLessThan":
      return Number.isFinite(time(value));
    case "Bool":
      return value === "true" || value === "false";
    default:
      return true;
  }
}

/** Whether one of the values matches. A request that lacks the key matches no value. */
export function holds(
  condition: { readonly operator: ConditionOperator; readonly key: string; readonly values: readonly string[] },
  facts: RequestFacts,
): boolean {
  const { operator, key, values } = condition;
  const actual = factOf(key, facts);
  if (actual === undefined) return false;
  return values.some((value) => matches(operator, value, actual));
}

function factOf(key: string, facts: RequestFacts): string | undefined {
  if (key === "acs:SourceIp") return facts.sourceIp;
  if (key === "acs:SecureTransport") return String(facts.secureTransport);
  if (key === "acs:CurrentTime") return new Date(facts.currentTime).toISOString();
  if (key.startsWith("kms:tag/")) return facts.tags.get(key.slice("kms:tag/".length));
  const name = key.slice("kms:EncryptionContext:".length);
  return Object.hasOwn(facts.encryptionContext, name) ? facts.encryptionContext[name] : undefined;
}

function matches(operator: ConditionOperator, value: string, actual: string): boolean {
  switch (operator) {
    case "StringEquals":
    case "Bool":
      return actual === value;
    case "StringLike":
      return matchesWildcard(value, actual);
    case "IpAddress":
      return inRange(value, actual);
    case "DateLessThan":
      return Date.parse(actual) < time(value);
  }
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/;

function time(value: string): number {
  return TIME.test(value) ? Date.parse(value) : Number.NaN;
}

interface Range {
  readonly address: string;
  readonly family: "ipv4" | "ipv6";
  readonly bits: number;
}

function range(value: string): Range | undefined {
  const [address = "", length, ...rest] = value.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return undefined;
  const all = version === 4 ? 32 : 128;
  const bits = length === undefined ? all : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (!(bits <= all)) return undefined;
  return { address, family: version === 4 ? "ipv4" : "ipv6", bits };
}

/** An IPv4 address that came over an IPv6 socket is the IPv4 address. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address);
  return mapped?.[1] ?? address.replace(/%.*$/, "");
}

function inRange(value: string, actual: string): boolean {
  const wanted = range(value);
  const address = plainAddress(actual);
  const version = isIP(address);
  if (wanted === undefined || version === 0) return false;
  const list = new BlockList();
  list.addSubnet(wanted.address, wanted.bits, wanted.family);
  return list.check(address, version === 4 ? "ipv4" : "ipv6");
}
