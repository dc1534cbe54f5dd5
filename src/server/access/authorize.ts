import { KmsError } from "../../kms/ports/errors.ts";
import { parseBlob } from "../../kms/wire/blob.ts";
import { type MaybePromise, whenReady } from "../../shared/maybe-promise.ts";
import { ACCESS, type AccessRule, type Target } from "./access-table.ts";
import type { RequestFacts } from "./conditions.ts";
import { type Access, asksForTags, type Decision, decide } from "./decide.ts";
import type { Policy } from "./policy-document.ts";

/** The functions of the KMS that authorization needs. They return `undefined` for a key that does not exist. */
export interface KeyNames {
  /** `acs:kms:REGION:ACCOUNT:` */
  readonly prefix: string;
  /** The id of the key that a request names by id, ARN or alias. */
  keyId(name: string): MaybePromise<string | undefined>;
  /** The id of the key that a version belongs to. */
  keyIdOfVersion(versionId: string): MaybePromise<string | undefined>;
  tags(keyId: string): Promise<ReadonlyMap<string, string>>;
}

export interface Question {
  readonly operation: string;
  readonly request: object;
  readonly policy: Policy;
  readonly facts: Omit<RequestFacts, "tags">;
}

export interface Verdict {
  readonly decision: Decision;
  /** The id of the key that the decision concerns, for the audit log. */
  readonly keyId: string | undefined;
  /** Ids in place of the request's aliases, so that the operation uses the key that was authorized. */
  readonly bound: Readonly<Record<string, string>>;
}

/**
 * Whether a policy allows an operation on every resource that it touches; synchronous if the names of keys are cached and the policy asks
 * for no tags. A key that does not exist is checked under the name that the request uses: only a caller that may use all keys learns that
 * it does not exist.
 */
export function authorize(question: Question, keys: KeyNames): MaybePromise<Verdict> {
  const rules = ACCESS[question.operation];
  if (rules === undefined) {
    return refused("No policy can allow this operation.");
  }
  return allOf(rules, 0, { question, keys, keyId: undefined, bound: {} });
}

/** What is known so far of the access that is asked for. */
interface Progress {
  readonly question: Question;
  readonly keys: KeyNames;
  keyId: string | undefined;
  readonly bound: Record<string, string>;
}

/** @param at the number of the next rule */
function allOf(rules: readonly AccessRule[], at: number, progress: Progress, last?: Decision): MaybePromise<Verdict> {
  const { question, keys, bound } = progress;
  const rule = rules[at];
  if (rule === undefined) {
    return last === undefined
      ? refused("The request names no resource.")
      : { decision: last, keyId: progress.keyId, bound };
  }
  if (!applies(rule, question.request)) return allOf(rules, at + 1, progress, last);
  return whenReady(verdictOn(rule, question, keys), ({ decision, keyId }) => {
    progress.keyId ??= keyId;
    const { target } = rule;
    if (target.kind === "key" && keyId !== undefined && target.field !== ARN_FIELD) bound[target.field] = keyId;
    return decision.allowed ? allOf(rules, at + 1, progress, decision) : { decision, keyId: progress.keyId, bound };
  });
}

/** Takes no alias, and no bare id. */
const ARN_FIELD = "protectedResourceArn";

function refused(reason: string): Verdict {
  return { decision: { allowed: false, reason }, keyId: undefined, bound: {} };
}

/** @throws KmsError `Forbidden.NoPermission`, which says no more than that */
export function forbidden(): KmsError {
  return new KmsError("Forbidden.NoPermission", "This operation is forbidden by permission system.");
}

function applies({ where }: AccessRule, request: object): boolean {
  return where === undefined || (fieldOf(request, where.field) !== undefined) === where.given;
}

function verdictOn(rule: AccessRule, question: Question, keys: KeyNames): MaybePromise<Omit<Verdict, "bound">> {
  const { policy, facts, operation } = question;
  return whenReady(resourcesOf(rule.target, question.request, keys), ({ keyId, resources }) => {
    const access: Access = {
      actions: (rule.actions ?? [operation]).map((name) => `kms:${name}`),
      resources: resources.map((resource) => `${keys.prefix}${resource}`),
    };
    const tags = keyId !== undefined && asksForTags(policy) ? keys.tags(keyId) : NO_TAGS;
    return whenReady(tags, (known) => {
      const { sourceIp, secureTransport, currentTime, encryptionContext } = facts;
      const all = { sourceIp, secureTransport, currentTime, encryptionContext, tags: known };
      return { decision: decide(policy, access, all), keyId };
    });
  });
}

const NO_TAGS: ReadonlyMap<string, string> = new Map();

interface Resources {
  readonly keyId: string | undefined;
  readonly resources: readonly string[];
}

function resourcesOf(target: Target, request: object, keys: KeyNames): MaybePromise<Resources> {
  switch (target.kind) {
    case "account":
      // With a slash too, so that "key/*" covers the operations on all keys.
      return { keyId: undefined, resources: [target.resource, `${target.resource}/`] };
    case "alias":
      return { keyId: undefined, resources: [String(fieldOf(request, target.field) ?? "")] };
    case "key":
      return resourcesOfName(String(fieldOf(request, target.field) ?? ""), keys);
    case "blob":
      return resourcesOfBlob(fieldOf(request, target.field), keys);
  }
}

function resourcesOfName(name: string, keys: KeyNames): MaybePromise<Resources> {
  return whenReady(keys.keyId(name), (keyId) => {
    const short = name.startsWith(keys.prefix) ? name.slice(keys.prefix.length) : name;
    const given = short.startsWith("alias/") || short.startsWith("key/") ? short : `key/${short}`;
    if (keyId === undefined) return { keyId, resources: [given] };
    const own = `key/${keyId}`;
    return { keyId, resources: given === own ? [own] : [own, given] };
  });
}

function resourcesOfBlob(blob: unknown, keys: KeyNames): MaybePromise<Resources> {
  // Bytes of this realm: the server decoded them from the request's text.
  const found = blob instanceof Uint8Array ? keyIdOfBlob(blob, keys) : undefined;
  return whenReady(found, (keyId) => ({ keyId, resources: [`key/${keyId ?? ""}`] }));
}

function keyIdOfBlob(blob: Uint8Array, keys: KeyNames): MaybePromise<string | undefined> {
  try {
    return keys.keyIdOfVersion(parseBlob(blob).versionId);
  } catch {
    // Not a blob: the operation says so, but only to callers that may use any key.
    return undefined;
  }
}

function fieldOf(request: object, field: string): unknown {
  const value: unknown = Reflect.get(request, field);
  return value === null ? undefined : value;
}
