// How much is run. Long runs go through several Nodes.

export const long = process.env.LANELOCK_LONG === "1";

/** Whether everything is proved. What is proved of the modules does not depend on the Node, so that the first one does. */
export const everything = long && process.env.LANELOCK_OTHER_NODE !== "1";

/** For tests whose long run takes minutes of a processor, which may have other work. */
export const TIMEOUT = { timeout: long ? 3_600_000 : 600_000 };
