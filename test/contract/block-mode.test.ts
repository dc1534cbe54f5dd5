import { afterEach } from "vitest";
import { blockModes } from "../reference/ciphers.ts";
import { blockModeContract } from "./block-mode.ts";
import { expectNothingLeft } from "./wiping.ts";

afterEach(expectNothingLeft);

for (const mode of blockModes) blockModeContract(mode);
