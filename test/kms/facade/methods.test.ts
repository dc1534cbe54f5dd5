import { expect, test } from "vitest";
import { OperationsFacade } from "../../../src/kms/facade/operations-facade.ts";
import { OPERATIONS, type OperationName } from "../../../src/kms/operations/operation-table.ts";

/** Notes what it is asked to run, and answers with that. */
class Asked extends OperationsFacade {
  protected override async run(operation: unknown, request: unknown, options: unknown): Promise<never> {
    return { operation, request, options } as never;
  }
}

type Method = Exclude<OperationName, "seedKey">;
/** A server has no seedKey: it is a method of `Kms` alone. */
const NAMES = (Object.keys(OPERATIONS) as OperationName[]).filter((name): name is Method => name !== "seedKey");
const facade = new Asked();
const call = (name: Method, ...args: unknown[]) => Reflect.apply(facade[name], facade, args);

test.each(NAMES)("%s runs the operation of its name with the caller's request and options", async (name) => {
  const [request, options] = [{ keyId: "key-a" }, { signal: new AbortController().signal }];
  const asked = await call(name, request, options);
  expect(asked.operation.name).toBe(OPERATIONS[name].name);
  expect(asked.request).toBe(request);
  expect(asked.options).toBe(options);
  expect((await call(name, request)).options).toBeUndefined();
});

test("lists of everything need no request", async () => {
  const optional = ["listKeys", "listAliases"];
  for (const name of NAMES) {
    expect((await call(name)).request, name).toEqual(optional.includes(name) ? {} : undefined);
  }
});
