import { ASYMMETRIC_MATCHERS_OBJECT, chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";

// Stands in for "vitest" where the suites run outside Node: the same expectations, and just as much of a runner as they ask for.

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

const matchers: unknown = Reflect.get(globalThis, ASYMMETRIC_MATCHERS_OBJECT);

export const expect = Object.assign(
  (value: unknown, message?: string) => chai.expect(value, message),
  chai.expect,
  matchers,
);

type Body = (...parameters: unknown[]) => unknown;

export interface SuiteResult {
  readonly name: string;
  /** Why it failed, if it did. */
  readonly failure?: string;
}

/** What runs around each test of a `describe`, and of those in it. */
interface Hooks {
  readonly before: Set<Body>;
  readonly after: Set<Body>;
}

const noHooks = (): Hooks => ({ before: new Set(), after: new Set() });

const registered: { name: string; body: Body; hooks: readonly Hooks[] }[] = [];
/** Of every file: unlike in vitest, hooks outside a `describe` hold for the tests of all files. */
const outermost = noHooks();
const open: { title: string; hooks: Hooks }[] = [];

/** A title for a row of `each`: `%s` and `%i` take the row's values in turn, `$name` takes a field of its first. */
function titleOf(title: string, values: readonly unknown[]): string {
  let next = 0;
  return title
    .replaceAll(/%[si]/g, () => String(values[next++]))
    .replaceAll(/\$(\w+)/g, (_, field: string) => String(Reflect.get(Object(values[0]), field)));
}

const eachOf = (register: (title: string, body: Body) => void) => (rows: readonly unknown[]) => {
  return (title: string, body: Body): void => {
    for (const row of rows) {
      const values = Array.isArray(row) ? row : [row];
      register(titleOf(title, values), () => body(...values));
    }
  };
};

export function describe(title: string, body: Body): void {
  open.push({ title, hooks: noHooks() });
  body();
  open.pop();
}
describe.each = eachOf(describe);

export function test(title: string, body: Body): void {
  const name = [...open.map((block) => block.title), title].join(" > ");
  registered.push({ name, body, hooks: [outermost, ...open.map(({ hooks }) => hooks)] });
}
test.each = eachOf(test);

const innermost = () => open.at(-1)?.hooks ?? outermost;

export function beforeEach(body: Body): void {
  innermost().before.add(body);
}

export function afterEach(body: Body): void {
  innermost().after.add(body);
}

/** Runs what was registered, or of that what is `chosen` by name, in order. */
export async function runRegistered(chosen: (name: string) => boolean = () => true): Promise<SuiteResult[]> {
  const results: SuiteResult[] = [];
  for (const { name, body, hooks } of registered.filter((one) => chosen(one.name))) {
    try {
      for (const { before } of hooks) for (const hook of before) await hook();
      await body();
      for (const { after } of [...hooks].reverse()) for (const hook of after) await hook();
      results.push({ name });
    } catch (error) {
      results.push({ name, failure: `${error} ${error instanceof Error ? error.stack : ""}`.slice(0, 1000) });
    }
  }
  return results;
}
