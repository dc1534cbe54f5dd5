import { memoryStore } from "lanelock/stores";
import { testStoreContract } from "../contract/store.ts";

testStoreContract("memory", async () => {
  const store = memoryStore();
  return { connect: () => store, dispose: async () => undefined };
});
