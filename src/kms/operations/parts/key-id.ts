import { keyName } from "../../schema/text.ts";

/** A request that names a key and nothing else. */
export interface KeyIdRequest {
  /** Key id or ARN; no alias. */
  readonly keyId: string;
}

export const keyIdField = { keyId: keyName({ alias: false }) };
