import { paddedBlock } from "./block-mode-scenarios.ts";
import type { Scenario } from "./scenario.ts";
import type { Callable } from "./trace.ts";

// What remains of the ABI: wiping and padding of secret bytes, and the constants, asked for while memory is full of secrets.

function constant(name: string): Scenario {
  return {
    name,
    run(engine, secret) {
      engine.write(engine.slot, secret.bytes(4096));
      engine.write(engine.io, secret.bytes(4096));
      engine.call(name);
      return undefined;
    },
  };
}

/** A call on secret bytes of a public length. */
function over(name: "wipe" | "pad", length: number): Scenario {
  return {
    name: `${name} ${length} bytes`,
    run(engine, secret) {
      engine.write(engine.io, secret.bytes(length));
      engine.call(name, engine.io, length);
      return undefined;
    },
  };
}

/** A last block as `cbc padding` makes it, without the decryption. */
const measurePadding: Scenario = {
  name: "padding length",
  run(engine, secret) {
    engine.write(engine.io, paddedBlock(secret, secret.bytes(16)));
    engine.call("paddingLength", engine.io);
    return undefined;
  },
};

/** `functions` are the module's: those without parameters are its constants. */
export function memoryScenarios(functions: Callable["functions"]): Scenario[] {
  const constants = Object.entries(functions).filter(([, { length }]) => length === 0);
  return [
    ...constants.map(([name]) => constant(name)),
    ...[0, 16, 112, 5008].map((length) => over("wipe", length)),
    ...[0, 1, 15, 16, 17, 100].map((length) => over("pad", length)),
    measurePadding,
  ];
}
