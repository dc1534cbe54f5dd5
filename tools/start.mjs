// `npm start -- FILE`: builds what is not built, then does the main job. Exits with 0 only if everything matched.
import { prepare } from "./setup.mjs";

prepare();
await import("./demo/main.mjs");
