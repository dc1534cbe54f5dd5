import { KmsError } from "../../ports/errors.ts";
import { string } from "../../schema/text.ts";
import { newAliasName } from "../../wire/ids.ts";

export const aliasNameField = string({ form: "`alias/` and 1 to 255 letters, digits, `_`, `/` and `-`" });

/** The name of an alias that is there. A name that no alias can have is not found either. */
export function knownAliasName(aliasName: string): string {
  try {
    return newAliasName(aliasName);
  } catch {
    throw aliasNotFound();
  }
}

export function aliasNotFound(): KmsError {
  return new KmsError("Forbidden.AliasNotFound", "The specified Alias is not found.");
}
