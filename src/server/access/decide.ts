import { holds, type RequestFacts } from "./conditions.ts";
import { type Policy, readPolicy, type Statement } from "./policy-document.ts";
import { matchesWildcard } from "./wildcard.ts";

/** An action on a resource. A statement may name either by any of its names. */
export interface Access {
  /** `kms:Encrypt`; alternatives where the service's own policies use several names. */
  readonly actions: readonly string[];
  /** `acs:kms:local:0:key/ID`; the alias too where the request names the key by it. */
  readonly resources: readonly string[];
}

export type Decision =
  | { readonly allowed: true; readonly reason: string }
  | { readonly allowed: false; readonly reason: string };

/** Deny wins over Allow, and the default is to deny. The reason names the deciding statement. */
export function decide(policy: Policy, access: Access, facts: RequestFacts): Decision {
  let allowing: Statement | undefined;
  for (const statement of policy.statements) {
    if (!covers(statement, access, facts)) continue;
    if (statement.effect === "Deny") return reasoned(false, `Statement ${statement.number} denies`, access);
    allowing ??= statement;
  }
  return allowing === undefined
    ? reasoned(false, "No statement allows", access)
    : reasoned(true, `Statement ${allowing.number} allows`, access);
}

function reasoned(allowed: boolean, verdict: string, { actions, resources }: Access): Decision {
  return { allowed, reason: `${verdict} ${actions[0]} on ${resources[0]}.` };
}

/** Whether any statement tests the tags of a key, which must be read from the store. */
export function asksForTags({ statements }: Policy): boolean {
  return statements.some(({ conditions }) => conditions.some(({ key }) => key.startsWith("kms:tag/")));
}

function covers(statement: Statement, { actions, resources }: Access, facts: RequestFacts): boolean {
  return (
    statement.actions.some((pattern) => actions.some((action) => matchesAction(pattern, action))) &&
    statement.resources.some((pattern) => resources.some((resource) => matchesWildcard(pattern, resource))) &&
    statement.conditions.every((condition) => holds(condition, facts))
  );
}

/** Names of actions are compared without regard to case, as RAM compares them. */
function matchesAction(pattern: string, action: string): boolean {
  return pattern === "*" || matchesWildcard(pattern.toLowerCase(), action.toLowerCase());
}

/** What a policy, as JSON, decides about one action on one resource. @throws LanelockError `ERR_ARGUMENT` for a policy that is wrong */
export function explainPolicy(
  policy: string,
  { action, resource }: { readonly action: string; readonly resource: string },
  facts: RequestFacts,
): Decision {
  return decide(readPolicy(policy), { actions: [action], resources: [resource] }, facts);
}
