import { runInNewContext } from "node:vm";

/** What drivers, hosts and other people's functions throw, and what must not reach a caller as it is. */
export const foreignErrors: readonly (readonly [string, unknown])[] = [
  ["an Error", new Error("the driver broke")],
  ["a string", "the driver broke"],
  ["undefined", undefined],
  ["null", null],
  ["another realm's Error", runInNewContext('new Error("from another realm")')],
  ["an Error with an odd code", Object.assign(new Error("odd"), { code: 12n })],
  ["an object without a prototype", Object.create(null)],
  [
    "an Error whose properties throw",
    Object.defineProperties(new Error(), {
      message: {
        get: () => {
          throw new Error("no message for you");
        },
      },
      code: {
        get: () => {
          throw new Error("no code for you");
        },
      },
    }),
  ],
];

/** The next of them each time. */
export function nextForeignError(): () => readonly [string, unknown] {
  let next = 0;
  return () => {
    next += 1;
    return foreignErrors[next % foreignErrors.length] ?? ["an Error", new Error()];
  };
}
