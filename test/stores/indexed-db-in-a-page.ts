import { indexedDbStore } from "lanelock/stores";
import { testStoreContract } from "../contract/store.ts";
import { runRegistered } from "../hosts/stand-ins/vitest.ts";
import { kmsQuestions } from "./indexed-db-questions/kms.ts";
import { storeQuestions } from "./indexed-db-questions/store.ts";
import { tamperingQuestions } from "./indexed-db-questions/tampering.ts";
import { deleteDatabase } from "./indexed-db-questions/tools.ts";

// What the tests of IndexedDB ask of a page. Everything that goes in or comes out is JSON.

let databases = 0;

testStoreContract("IndexedDB", async () => {
  const name = `contract ${databases++}`;
  return {
    connect: () => indexedDbStore({ name }),
    dispose: () => deleteDatabase(`lanelock store ${name}`),
  };
});

const questions = { runSuites: runRegistered, ...kmsQuestions, ...storeQuestions, ...tamperingQuestions };

Object.assign(globalThis, { lanelock: questions });

if (!("document" in globalThis)) {
  addEventListener("message", async ({ data: [name, blob] }) => {
    await questions.open(name);
    const said = await questions.decrypt(blob);
    await questions.close();
    postMessage(said);
  });
}

export type Questions = typeof questions;
