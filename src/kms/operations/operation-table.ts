import * as records from "./index.ts";
import type { AnyOperation } from "./operation.ts";

type Records = typeof records;

/** An operation by its method: `generateDataKey`. */
export type OperationName = {
  [Name in keyof Records]: Records[Name] extends { readonly name: string; readonly plane: string } ? Name : never;
}[keyof Records];

/** Every operation by its method. */
export const OPERATIONS = Object.fromEntries(Object.entries(records).filter(([, value]) => isOperation(value))) as Pick<
  Records,
  OperationName
>;

function isOperation(value: unknown): value is AnyOperation {
  return typeof value === "object" && value !== null && "plane" in value;
}

const byServiceName: ReadonlyMap<string, OperationName> = new Map(
  (Object.keys(OPERATIONS) as OperationName[]).map((method) => [OPERATIONS[method].name, method]),
);

/** The method of an operation by its name in the service: `GenerateDataKey`. */
export function methodOf(name: string): OperationName | undefined {
  return byServiceName.get(name);
}
