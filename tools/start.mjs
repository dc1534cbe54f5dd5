// `npm start -- FILE`: builds lanelock and runs the main job on a file. Exits with 0 only if everything matched.
import { prepare } from "./setup.mjs";

prepare();
await import("./start/main.mjs");
