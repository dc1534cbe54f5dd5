import { LanelockError } from "../../errors.ts";
import { nearestName } from "../../shared/nearest-name.ts";
import { CONDITION_OPERATORS, type ConditionOperator, isConditionKey, isConditionValue } from "./conditions.ts";

/** One condition: an operator, a key of the request, and values of which one must match. */
export interface Condition {
  readonly operator: ConditionOperator;
  readonly key: string;
  readonly values: readonly string[];
}

export interface Statement {
  /** For explanations: its place in the policy, from 1. */
  readonly number: number;
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** All must hold. */
  readonly conditions: readonly Condition[];
}

/** A RAM policy that was read and checked. */
export interface Policy {
  readonly statements: readonly Statement[];
}

const MAX_CHARACTERS = 32_768;
const MAX_STATEMENTS = 100;
const MAX_VALUES = 100;

/**
 * Reads a policy of Alibaba Cloud RAM: Version "1", Statement, and in each statement Effect, Action, Resource and Condition.
 *
 * @throws LanelockError `ERR_ARGUMENT` that names the element that is missing, unknown or wrong
 * @example
 * const policy = readPolicy('{"Version":"1","Statement":[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}]}');
 */
export function readPolicy(text: string): Policy {
  if (text.length > MAX_CHARACTERS) throw wrong("", `at most ${MAX_CHARACTERS} characters long`);
  const document = elements(parsed(text), "", ["Version", "Statement"]);
  if (document.Version !== "1") throw wrong("Version", '"1"');
  const list = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  if (list.length === 0 || list.length > MAX_STATEMENTS) throw wrong("Statement", `a list of 1 to ${MAX_STATEMENTS}`);
  return { statements: list.map((one, index) => readStatement(one, index + 1)) };
}

function readStatement(value: unknown, number: number): Statement {
  const where = `Statement ${number}`;
  const statement = elements(value, where, ["Effect", "Action", "Resource", "Condition"]);
  const { Effect: effect } = statement;
  if (effect !== "Allow" && effect !== "Deny") throw wrong(`${where}: Effect`, '"Allow" or "Deny"');
  const actions = strings(statement.Action, `${where}: Action`);
  const badAction = actions.find((action) => !/^(\*|kms:[A-Za-z*?]+)$/.test(action));
  if (badAction !== undefined)
    throw wrong(`${where}: Action`, '"kms:" and an operation, with * and ? as wildcards, or "*"');
  const resources = strings(statement.Resource, `${where}: Resource`);
  const badResource = resources.find((resource) => resource !== "*" && !/^acs:kms:[^:]*:[^:]*:.+$/.test(resource));
  if (badResource !== undefined) {
    throw wrong(`${where}: Resource`, '"acs:kms:REGION:ACCOUNT:key/ID", "acs:kms:REGION:ACCOUNT:alias/NAME" or "*"');
  }
  return { number, effect, actions, resources, conditions: readConditions(statement.Condition, where) };
}

function readConditions(value: unknown, where: string): Condition[] {
  if (value === undefined) return [];
  const byOperator = elements(value, `${where}: Condition`, CONDITION_OPERATORS);
  return CONDITION_OPERATORS.flatMap((operator) => {
    const keys = byOperator[operator];
    if (keys === undefined) return [];
    const place = `${where}: Condition ${operator}`;
    return Object.entries(object(keys, place)).map(([key, given]) => {
      if (!isConditionKey(operator, key)) {
        throw wrong(`${place}: ${JSON.stringify(key.slice(0, 100))}`, "a condition key that this operator takes");
      }
      const values = strings(given, `${place} ${key}`);
      if (!values.every((one) => isConditionValue(operator, one))) throw wrong(`${place} ${key}`, VALUE_RULE[operator]);
      return { operator, key, values };
    });
  });
}

const VALUE_RULE: Readonly<Record<ConditionOperator, string>> = {
  StringEquals: "a string",
  StringLike: "a string, with * and ? as wildcards",
  IpAddress: 'an address or a range such as "10.0.0.0/8"',
  DateLessThan: 'a time such as "2030-01-01T00:00:00Z"',
  Bool: '"true" or "false"',
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong("", "JSON");
  }
}

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw wrong(where, "a JSON object");
}

/** The elements of an object. Refuses unknown names. */
function elements<Name extends string>(
  value: unknown,
  where: string,
  known: readonly Name[],
): Readonly<Partial<Record<Name, unknown>>> {
  const given = object(value, where);
  const unknown = Object.keys(given).find((name) => !known.some((one) => one === name));
  if (unknown === undefined) return given as Partial<Record<Name, unknown>>;
  const near = nearestName(unknown, known);
  const hint = near === undefined ? `It may have: ${known.join(", ")}.` : `Did you mean "${near}"?`;
  const place = where === "" ? "The policy" : `${where} of the policy`;
  throw new LanelockError("ERR_ARGUMENT", `${place} has an unknown element "${unknown.slice(0, 100)}". ${hint}`);
}

function strings(value: unknown, where: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = list
    .map((one) => (typeof one === "boolean" ? String(one) : one))
    .filter((one) => typeof one === "string");
  if (texts.length === list.length && texts.length > 0 && texts.length <= MAX_VALUES) return texts;
  throw wrong(where, `a string, or a list of 1 to ${MAX_VALUES} strings`);
}

function wrong(where: string, rule: string): LanelockError {
  const subject = where === "" ? "The policy" : `${where} of the policy`;
  return new LanelockError("ERR_ARGUMENT", `${subject} must be ${rule}.`);
}
