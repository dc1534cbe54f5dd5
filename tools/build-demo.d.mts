import type { Metafile } from "esbuild";

export function buildDemo(folder: string): Promise<Metafile>;
