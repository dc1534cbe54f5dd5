import { materialCipher, softwareKeyTransport, softwareProvider } from "../../providers/software/index.ts";
import type { BuiltIn } from "./open.ts";

/** The one place where the KMS meets a cipher: nothing else in `kms/` imports one. */
export const builtIn: BuiltIn = {
  cipher: materialCipher,
  software: softwareProvider,
  transport: softwareKeyTransport,
};
