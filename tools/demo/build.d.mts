import type { Metafile } from "esbuild";

export function buildDemo(folder: string): Promise<Metafile>;

/** Writes the service worker for the files that are in a folder. */
export function buildServiceWorker(folder: string): Promise<void>;
