import { ASYMMETRIC_MATCHERS_OBJECT, chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";

// Stands in for "vitest" where the contract suites run in a page: the same expectations, and just as much of a runner as the
// suites ask for.

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

const matchers: unknown = Reflect.get(globalThis, ASYMMETRIC_MATCHERS_OBJECT);

export const expect = Object.assign(
  (value: unknown, message?: string) => chai.expect(value, message),
  chai.expect,
  matchers,
);

type Body = (...parameters: unknown[]) => unknown;

export interface PageResult {
  readonly name: string;
  /** Why it failed, if it did. */
  readonly failure?: string;
}

const registered: { name: string; body: Body }[] = [];
const afterwards: Body[] = [];
const titles: string[] = [];

export function describe(title: string, body: () => void): void {
  titles.push(title);
  body();
  titles.pop();
}

export function afterEach(body: Body): void {
  afterwards.push(body);
}

export function test(title: string, body: Body): void {
  registered.push({ name: [...titles, title].join(" > "), body });
}

test.each = (rows: readonly unknown[]) => (title: string, body: Body) => {
  for (const row of rows) {
    const values = Array.isArray(row) ? row : [row];
    let next = 0;
    test(
      title.replaceAll(/%s/g, () => String(values[next++])),
      () => body(...values),
    );
  }
};

/** Runs what was registered, in order. */
export async function runRegistered(): Promise<PageResult[]> {
  const results: PageResult[] = [];
  for (const { name, body } of registered) {
    try {
      await body();
      for (const after of afterwards) await after();
      results.push({ name });
    } catch (error) {
      results.push({ name, failure: String(error instanceof Error ? error.stack : error).slice(0, 1000) });
    }
  }
  return results;
}
