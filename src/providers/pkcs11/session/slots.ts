import { LanelockError } from "../../../errors.ts";
import { messageOf } from "../../../shared/thrown.ts";
import type { TokenSelector } from "./connection-options.ts";
import { CKF } from "./constants.ts";
import type { Cryptoki, Handle, TokenInfo } from "./cryptoki.ts";
import { calling } from "./token-error.ts";

export interface FoundToken {
  readonly slot: Handle;
  readonly info: TokenInfo;
  readonly serial: string;
  /** `SoftHSM v2 "t1" (serial 321d18f1b61d4a9c)` */
  readonly name: string;
}

interface SlotReport {
  readonly tokens: readonly FoundToken[];
  /** What slots answered instead: their token was just removed, for example. */
  readonly failures: readonly unknown[];
}

/** Every initialized token of a module. */
function listTokens(api: Cryptoki): SlotReport {
  const slots = calling("C_GetSlotList", () => api.C_GetSlotList(true));
  const failures: unknown[] = [];
  const tokens = slots.flatMap((slot) => {
    try {
      const info = calling("C_GetTokenInfo", () => api.C_GetTokenInfo(slot));
      if ((info.flags & CKF.TOKEN_INITIALIZED) === 0) return [];
      const serial = unpadded(info.serialNumber);
      const name = `${unpadded(info.model)} "${unpadded(info.label)}" (serial ${serial})`;
      return [{ slot, info, serial, name }];
    } catch (error) {
      failures.push(error);
      return [];
    }
  });
  return { tokens, failures };
}

/** @throws LanelockError `ERR_PROVIDER` unless exactly one token fits: the wrong one would have the wrong keys */
export function findToken(api: Cryptoki, selector: TokenSelector): FoundToken {
  const { tokens, failures } = listTokens(api);
  const wanted = "label" in selector ? `label "${selector.label}"` : `serial ${selector.serial}`;
  const fitting = tokens.filter((token) =>
    "label" in selector ? unpadded(token.info.label) === selector.label : token.serial === selector.serial,
  );
  const [found, another] = fitting;
  if (found && !another) return found;
  const silent = failures.length > 0 ? ` ${failures.length} slots did not answer: ${messageOf(failures[0])}.` : "";
  const names = (found ? fitting : tokens).map((token) => token.name).join(", ");
  throw new LanelockError(
    "ERR_PROVIDER",
    found
      ? `${fitting.length} tokens have the ${wanted}: ${names}. Name one by its serial.`
      : `No token has the ${wanted}. The module has ${names === "" ? "no initialized token" : names}.${silent}`,
    failures.length > 0 ? { cause: failures[0] } : undefined,
  );
}

/** Text fields are padded with blanks to a fixed length. NSS ends some with NUL. */
function unpadded(text: string): string {
  return text.replace(/[\s\0]+$/, "");
}
