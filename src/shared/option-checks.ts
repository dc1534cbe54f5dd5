import { LanelockError } from "../errors.ts";

export function isText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0;
}

/**
 * A check of the options of `whose` (`pkcs11()`), with the option's name and what it must be.
 *
 * @throws LanelockError `ERR_ARGUMENT`, the check, that names the wrong option
 */
export function optionChecks(whose: string) {
  return (condition: boolean, option: string, wanted: string): void => {
    if (!condition) throw new LanelockError("ERR_ARGUMENT", `The option "${option}" of ${whose} must be ${wanted}.`);
  };
}
