import type { Command } from "commander";
import { addKeysCreate } from "./keys-create.ts";
import { addKeysDescribe } from "./keys-describe.ts";
import { addKeysImport } from "./keys-import.ts";
import { addKeysList } from "./keys-list.ts";
import { addKeysRotate } from "./keys-rotate.ts";
import { addKeysState } from "./keys-state.ts";

export function addKeys(program: Command): void {
  const keys = program.command("keys").description("create keys, look at them, and change their state");
  for (const add of [addKeysCreate, addKeysList, addKeysDescribe, addKeysState, addKeysRotate, addKeysImport])
    add(keys);
}
