import { nativeAeads, nativeBlockModes } from "../reference/ciphers.ts";
import { aeadContract } from "./aead.ts";
import { blockModeContract } from "./block-mode.ts";

// What every cipher promises holds for AES by node:crypto too.

for (const aead of nativeAeads) aeadContract(aead);
for (const mode of nativeBlockModes) blockModeContract(mode);
