import { envelope } from "lanelock/envelope";
import { tryEnvelope } from "./envelope-program.mjs";

globalThis.outcome = tryEnvelope(envelope);
