/**
 * A server for the tests of an application that uses Alibaba Cloud KMS. Node only; needs the package fastify.
 *
 * @module
 */
export type { Seed, SeededAccessKey, SeededKey } from "../server/seed.ts";
export { type TestKms, type TestKmsOptions, testKms } from "./test-kms.ts";
