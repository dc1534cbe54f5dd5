// Setup of the runs on the wide build (vitest.config.ts): takes it without asking whether that is faster, and lets V8 pack it.
import v8 from "node:v8";
import { wideModules } from "../../src/engine/wide.generated.ts";
import { setWide } from "../../src/engine/wide.ts";

v8.setFlagsFromString("--experimental-wasm-revectorize");
setWide(wideModules);
