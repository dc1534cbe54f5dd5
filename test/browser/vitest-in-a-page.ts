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

/** What runs around each test of a `describe`, and of those in it. */
interface Hooks {
  readonly before: Body[];
  readonly after: Body[];
}

const registered: { name: string; body: Body; hooks: readonly Hooks[] }[] = [];
const outermost: Hooks = { before: [], after: [] };
const open: { title: string; hooks: Hooks }[] = [];

export function describe(title: string, body: () => void): void {
  open.push({ title, hooks: { before: [], after: [] } });
  body();
  open.pop();
}

const innermost = () => open.at(-1)?.hooks ?? outermost;

export function beforeEach(body: Body): void {
  innermost().before.push(body);
}

export function afterEach(body: Body): void {
  innermost().after.push(body);
}

export function test(title: string, body: Body): void {
  const name = [...open.map((block) => block.title), title].join(" > ");
  registered.push({ name, body, hooks: [outermost, ...open.map(({ hooks }) => hooks)] });
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
  for (const { name, body, hooks } of registered) {
    try {
      for (const { before } of hooks) for (const hook of before) await hook();
      await body();
      for (const { after } of [...hooks].reverse()) for (const hook of after) await hook();
      results.push({ name });
    } catch (error) {
      results.push({ name, failure: String(error instanceof Error ? error.stack : error).slice(0, 1000) });
    }
  }
  return results;
}
