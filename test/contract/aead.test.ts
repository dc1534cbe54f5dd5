import { afterEach } from "vitest";
import { aeads } from "../reference/ciphers.ts";
import { aeadContract } from "./aead.ts";
import { expectNothingLeft } from "./wiping.ts";

afterEach(expectNothingLeft);

for (const aead of aeads) aeadContract(aead);
