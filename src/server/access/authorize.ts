import { KmsError } from "../../kms/ports/errors.ts";
import { parseBlob } from "../../kms/wire/blob.ts";
import { ACCESS, type AccessRule, type Target } from "./access-table.ts";
import type { RequestFacts } from "./conditions.ts";
import { type Access, asksForTags, type Decision, decide } from "./decide.ts";
import type { Policy } from "./policy-document.ts";

/** The functions of the KMS that authorization needs. They return `undefined` for a key that does not exist. */
export interface KeyNames {
  /** `acs:kms:REGION:ACCOUNT:` */
  readonly prefix: string;
  /** The id of the key that a request names by id, ARN or alias. */
  keyId(name: string): string | undefined | Promise<string | undefined>;
  /** The id of the key that a version belongs to. */
  keyIdOfVersion(versionId: string): string | undefined | Promise<string | undefined>;
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
 * Whether a policy allows an operation on every resource that it touches. A key that does not exist is checked under the name
 * that the request uses: only a caller that may use all keys learns that it does not exist.
 */
export async function authorize(question: Question, keys: KeyNames): Promise<Verdict> {
  const rules = ACCESS[question.operation];
  if (rules === undefined) {
    return refused("No policy can allow this operation.");
  }
  let verdict = refused("The request names no resource.");
  const bound: Record<string, string> = {};
  for (const rule of rules) {
    if (!applies(rule, question.request)) continue;
    const { decision, keyId } = await verdictOn(rule, question, keys);
    if (rule.target.kind === "key" && keyId !== undefined && rule.target.field !== ARN_FIELD)
      bound[rule.target.field] = keyId;
    verdict = { decision, keyId: verdict.keyId ?? keyId, bound };
    if (!decision.allowed) return verdict;
  }
  return verdict;
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

async function verdictOn(rule: AccessRule, question: Question, keys: KeyNames): Promise<Omit<Verdict, "bound">> {
  const { keyId, resources } = await resourcesOf(rule.target, question.request, keys);
  const access: Access = {
    actions: (rule.actions ?? [question.operation]).map((name) => `kms:${name}`),
    resources: resources.map((resource) => `${keys.prefix}${resource}`),
  };
  const needsTags = keyId !== undefined && asksForTags(question.policy);
  const tags = needsTags ? await keys.tags(keyId) : new Map<string, string>();
  return { decision: decide(question.policy, access, { ...question.facts, tags }), keyId };
}

interface Resources {
  readonly keyId: string | undefined;
  readonly resources: readonly string[];
}

async function resourcesOf(target: Target, request: object, keys: KeyNames): Promise<Resources> {
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

async function resourcesOfName(name: string, keys: KeyNames): Promise<Resources> {
  const keyId = await keys.keyId(name);
  const short = name.startsWith(keys.prefix) ? name.slice(keys.prefix.length) : name;
  const given = short.startsWith("alias/") || short.startsWith("key/") ? short : `key/${short}`;
  if (keyId === undefined) return { keyId, resources: [given] };
  const own = `key/${keyId}`;
  return { keyId, resources: given === own ? [own] : [own, given] };
}

async function resourcesOfBlob(blob: unknown, keys: KeyNames): Promise<Resources> {
  const keyId = blob instanceof Uint8Array ? await keyIdOfBlob(blob, keys) : undefined;
  return { keyId, resources: [`key/${keyId ?? ""}`] };
}

function keyIdOfBlob(blob: Uint8Array, keys: KeyNames): string | undefined | Promise<string | undefined> {
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
