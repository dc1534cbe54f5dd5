// How much is run. Long runs go through several Nodes.

export const long = process.env.LANELOCK_LONG === "1";

/** Whether everything is proved. What is proved of the modules does not depend on the Node, so that the first one does. */
export const everything = long && process.env.LANELOCK_OTHER_NODE !== "1";
