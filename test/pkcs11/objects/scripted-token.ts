import { vi } from "vitest";
import type { Token } from "../../../src/providers/pkcs11/session/token.ts";

/** The attributes of an object, by their number. */
export type Attributes = Readonly<Record<number, Buffer>>;

/**
 * A token as far as the objects use one: it has the objects that the test gives it, and keeps the calls that are made. A function in
 * `instead` answers a call in its place.
 */
export function scriptedToken() {
  const objects = new Map<string, Attributes>();
  const calls: unknown[][] = [];
  const instead: Record<string, ((...args: never[]) => unknown) | undefined> = {};
  const session = { handle: Buffer.from("session"), epoch: 0, lost: false };
  let found: Buffer[] = [];
  const answers: Record<string, (...args: never[]) => unknown> = {
    C_FindObjectsInit: (_: Buffer, template: readonly { type: number; value: unknown }[]) => {
      const fits = (attributes: Attributes) =>
        template.every(({ type, value }) => {
          const wanted = typeof value === "string" || Buffer.isBuffer(value) ? Buffer.from(value as string) : undefined;
          return wanted === undefined || attributes[type]?.equals(wanted);
        });
      found = [...objects].filter(([, attributes]) => fits(attributes)).map(([name]) => Buffer.from(name));
    },
    C_FindObjects: () => found,
    C_FindObjectsFinal: () => undefined,
    C_GetAttributeValue: (_: Buffer, handle: Buffer, template: readonly { type: number }[]) =>
      template.map(({ type }) => ({ type, value: objects.get(handle.toString())?.[type] })),
    C_DestroyObject: (_: Buffer, handle: Buffer) => void objects.delete(handle.toString()),
  };
  const api = new Proxy(
    {},
    {
      get:
        (_, name: string) =>
        (...args: never[]) => {
          calls.push([name, ...args]);
          return (instead[name] ?? answers[name])?.(...args);
        },
    },
  );
  const token = {
    ...{ name: "a token", timeoutMs: 1_000, generation: 0, cannotRestrict: false, api },
    module: { running: <T>(call: T) => call },
    pace: { quick: undefined as unknown, calledSynchronously: vi.fn(), calledInThreadPool: vi.fn() },
    isPresent: vi.fn(() => true),
    withObjects: vi.fn((_: object, work: () => unknown) => work()),
    withSession: vi.fn(async (_: object, work: (one: typeof session) => unknown) => work(session)),
    ...{ take: vi.fn(async (_: object) => session), tryTake: vi.fn(() => session as typeof session | undefined) },
    ...{ give: vi.fn(), discard: vi.fn(), recover: vi.fn((_error: unknown, _session: unknown) => false) },
  };
  return { token: token as unknown as Token & typeof token, objects, calls, instead, session };
}

/** What was called, without the session. */
export const namesOf = (calls: unknown[][]) => calls.map(([name]) => name);
