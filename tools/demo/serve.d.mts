import type { Server } from "node:http";

export function serveDemo(folder: string, port?: number): Promise<{ server: Server; url: string }>;
