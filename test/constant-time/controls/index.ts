// Under the names of the engine's ABI, so that the same scenarios run.
export * from "./table-aes";
export * from "./early-exit";
