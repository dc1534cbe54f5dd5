import { LanelockError } from "../errors.ts";
import { nearestName } from "./nearest-name.ts";

/** Whether a name is inherited from `Object.prototype`, of any realm: then other code put it there, not the caller. */
function isOnRootPrototype(options: object, name: string): boolean {
  let prototype: object | null = options;
  for (;;) {
    if (Object.hasOwn(prototype, name)) return prototype !== options && Object.getPrototypeOf(prototype) === null;
    prototype = Object.getPrototypeOf(prototype);
    if (prototype === null) return true;
  }
}

/** The error message for a name that `whose` does not know. */
export function unknownName(name: string, known: readonly string[], whose: string): string {
  const nearest = nearestName(name, known);
  const remedy = nearest === undefined ? `it has ${known.join(", ")}` : `did you mean "${nearest}"?`;
  return `${whose} has no option "${name}": ${remedy}`;
}

/**
 * Refuses unknown option names. A misspelt option would silently be ignored.
 *
 * @throws LanelockError `ERR_ARGUMENT`
 */
export function checkNames(options: object, known: readonly string[], whose: string): void {
  for (const name in options) {
    if (known.includes(name) || isOnRootPrototype(options, name)) continue;
    throw new LanelockError("ERR_ARGUMENT", unknownName(name, known, whose));
  }
}
