// Prints test/vectors/envelope/envelope.json:
// npx esbuild test/envelope/print-vectors.ts --bundle --platform=node --log-level=error | node > test/vectors/envelope/envelope.json
import { makeVectors } from "./vector-cases.ts";

console.log(JSON.stringify(makeVectors(), null, 1));
