import { expect, test } from "vitest";
import { methodOf, OPERATIONS, type OperationName } from "../../../src/kms/operations/operation-table.ts";

test("the method of an operation is found by its name in the service, which begins with a capital", () => {
  const methods = Object.keys(OPERATIONS) as OperationName[];
  for (const method of methods) {
    const { name } = OPERATIONS[method];
    expect(name).toBe(method.charAt(0).toUpperCase() + method.slice(1));
    expect(methodOf(name)).toBe(method);
  }
  for (const other of ["", "encrypt", "DropKey", "constructor"]) expect(methodOf(other)).toBeUndefined();
});
