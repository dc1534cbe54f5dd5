import { proveBuild } from "./build.ts";

proveBuild("relaxed");
