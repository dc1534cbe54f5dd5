/**
 * The KMS over HTTP, in the protocol of Alibaba Cloud KMS. Node only; needs the packages fastify, pino and prom-client.
 *
 * @module
 */
export type { AccessKeys, CreatedAccessKey, ListedAccessKey, NewAccessKey } from "./access/access-keys.ts";
export type { LogLine } from "./http/app.ts";
export type { RateLimit } from "./http/rate-limit.ts";
export type { ServeOptions } from "./options.ts";
export { type RunningServer, serve } from "./serve.ts";
