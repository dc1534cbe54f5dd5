// `npm start -- FILE`: builds lanelock and runs the demo on a file. Exits with 0 only if everything matched.
import { prepare } from "./setup.mjs";

prepare();
await import("./demo/main.mjs");
