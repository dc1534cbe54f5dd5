/**
 * The KMS over HTTP, in the protocol of Alibaba Cloud KMS. Node only; needs the package fastify, and with metrics prom-client.
 *
 * @module
 */
export type { AccessKeys, CreatedAccessKey, ListedAccessKey, NewAccessKey } from "./access/access-keys.ts";
export { accessKeysOf } from "./access/access-keys-of.ts";
export { type Decision, explainPolicy } from "./access/decide.ts";
export { ControlledClock, serveClock } from "./clock-control.ts";
export type { RunningConsole } from "./console/console.ts";
export type { LogLine } from "./http/log-line.ts";
export type { RateLimit } from "./http/rate-limit.ts";
export type { ServeOptions } from "./options.ts";
export { applySeed, type Seed, type SeededAccessKey, type SeededKey } from "./seed.ts";
export { type RunningServer, serve } from "./serve.ts";
