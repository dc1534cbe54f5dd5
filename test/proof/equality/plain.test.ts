import { proveBuild } from "./build.ts";

proveBuild("plain");
